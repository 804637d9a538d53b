"""Answers about a database that is there already: how legible it is, a first policy, what a role could do."""
