"""What a role can do at worst, from facts made by hand."""
