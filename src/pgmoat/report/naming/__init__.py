"""Names: how natural they are, which words stand in them, what their abbreviations mean."""
