"""What the dashboard thinks, without a connection."""
