"""
What the function is called that counts an entity's hidden rows.

In: names. Out: names. I/O: none.
"""

from __future__ import annotations

import hashlib

_MAX_NAME = 63


def name_hidden(entity: str) -> str:
    """Return the name of the function in the entities' schema; a long name ends in a digest."""
    name = f"{entity}_hidden"
    if len(name) <= _MAX_NAME:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{name[: _MAX_NAME - 9]}_{digest}"
