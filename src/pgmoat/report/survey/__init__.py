"""A survey of people's tables: structure, constraints and the shape of their data."""
