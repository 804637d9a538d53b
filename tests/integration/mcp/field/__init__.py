"""Attacks that other servers before PostgreSQL fell for, driven by real clients against a real server."""
