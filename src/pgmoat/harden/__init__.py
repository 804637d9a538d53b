"""Close what every role may do through PUBLIC, with grants for people, and take that back."""
