"""The demo: a shop, three agents, and what happens when they misbehave."""
