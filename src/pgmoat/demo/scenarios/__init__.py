"""What the agents try, a file per topic."""
