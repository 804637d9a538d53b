"""Each check of doctor, made to fail on a real server."""
