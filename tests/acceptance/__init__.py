"""The command line end to end, as a user runs it."""
