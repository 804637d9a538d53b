"""Scoped rows: what a task reaches, tried as agents."""
