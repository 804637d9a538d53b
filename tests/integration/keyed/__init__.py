"""Keyed writes and previews: an agent's own SQL takes effect once, whoever repeats it and whatever breaks."""
