"""
Arrays of PostgreSQL as frozen data has them.

In: a value from the driver. Out: the value, a list as a tuple. I/O: none.
"""

from __future__ import annotations

from typing import Any, cast


def freeze_array(value: Any) -> Any:
    """Return a list as a tuple, so that the frozen nouns stay hashable; everything else as it is."""
    return tuple(cast("list[Any]", value)) if isinstance(value, list) else value
