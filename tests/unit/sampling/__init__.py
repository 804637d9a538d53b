"""What samples add up to, without a connection."""
