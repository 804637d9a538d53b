"""The lint against real databases, through the command line."""
