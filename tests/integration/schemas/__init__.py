"""Databases by others under policies with value maps, logs, scopes and operations."""
