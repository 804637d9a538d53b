"""What the checks of doctor say about facts."""
