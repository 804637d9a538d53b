"""One part at a time, without I/O."""
