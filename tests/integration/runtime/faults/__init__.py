"""Every operation takes effect once, whatever is killed meanwhile."""
