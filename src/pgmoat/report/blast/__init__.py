"""The blast radius of a role: the worst that it can do, from the catalog as it is."""
