"""The blast radius of a role."""
