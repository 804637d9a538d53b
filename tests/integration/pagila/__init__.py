"""A real database by others under a policy: agents and people at work in it, side by side."""
