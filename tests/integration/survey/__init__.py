"""Surveys of real databases: what is read, what is left out, and what is never kept."""
