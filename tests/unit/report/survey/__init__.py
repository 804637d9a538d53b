"""What a survey makes of names, constraints and values."""
