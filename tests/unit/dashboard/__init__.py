"""The watchdog thinks without a connection."""
