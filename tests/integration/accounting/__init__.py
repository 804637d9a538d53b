"""The watchdog against a real server, and agents who try to get past it."""
