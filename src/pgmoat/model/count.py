"""
How many of something, as people read it.

I/O: none.
"""

from __future__ import annotations


def describe_count(number: int, noun: str) -> str:
    """Return ``1 session``, ``2,204 sessions``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
