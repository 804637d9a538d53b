"""What a role can do at worst, on real servers."""
