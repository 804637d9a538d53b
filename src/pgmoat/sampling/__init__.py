"""Look at the server as it is now: whose sessions run what, and what that adds up to."""
