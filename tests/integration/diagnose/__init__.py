"""Queries over databases by others, broken one way each, and what is said of their empty answers."""
