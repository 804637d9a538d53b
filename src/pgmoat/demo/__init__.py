"""The demo: a shop, five agents, and what happens when they misbehave."""
