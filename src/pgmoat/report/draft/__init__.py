"""A first policy from a live database, and what is new in it the next time. Reads; writes nothing."""
