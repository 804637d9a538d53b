"""The embedded server, started, killed and stopped."""
