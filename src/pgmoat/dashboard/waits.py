"""
Wait classes as bars show them.

In: seconds by wait class. Out: the classes in a fixed order, with the style of each. I/O: none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# In this order, so that bars can be compared. Words for what PostgreSQL's names do not tell.
_CLASSES = {
    "CPU": "on the CPU",
    "IO": "reading or writing files",
    "Lock": "waiting for others' locks",
    "LWLock": "waiting for internal locks",
    "BufferPin": "waiting for a page that others hold",
    "IPC": "waiting for other processes",
    "Client": "waiting for the client",
    "Timeout": "sleeping",
    "Extension": "waiting in an extension",
    "Activity": "waiting for work",
}


@dataclass(frozen=True, slots=True)
class Wait:
    """One wait class, with its part of the whole (0 to 1) and of all before it."""

    name: str
    words: str
    style: str
    seconds: float
    part: float
    offset: float


def find_style(name: str) -> str:
    """Return the style of a wait class."""
    return f"w-{name.lower()}" if name in _CLASSES else "w-activity"


def list_waits(waits: Mapping[str, float]) -> list[Wait]:
    """Return the wait classes of *waits* in their order."""
    total = sum(waits.values())
    order = [*(name for name in _CLASSES if name in waits), *sorted(set(waits) - set(_CLASSES))]
    found: list[Wait] = []
    offset = 0.0
    for name in order:
        part = waits[name] / total if total else 0.0
        found.append(Wait(name, _CLASSES.get(name, ""), find_style(name), waits[name], part, offset))
        offset += part
    return found
