"""Is everything around the policy in order: server, rights, settings, pooler, drift, clock, own state."""
