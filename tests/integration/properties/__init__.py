"""Whatever agents do, in any order and at once."""
