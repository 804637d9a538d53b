"""Reading real databases."""
