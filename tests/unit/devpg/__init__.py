"""The embedded server, without starting it."""
