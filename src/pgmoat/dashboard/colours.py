"""
A colour for each agent that stays the same.

In: names of agents. Out: a number of the palette in static/colours.css for each. I/O: none.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable

SIZE = 8
PEOPLE = "people"


def assign_colours(agents: Iterable[str]) -> dict[str, str]:
    """
    Return the palette's slot of each agent: what its name leads to, the next free one where that is taken.

    A new agent changes at most the colours of those that share its slot. More than the palette has share.
    """
    colours = {"": PEOPLE}
    free = set(range(SIZE))
    for name in sorted(set(agents) - {""}):
        free = free or set(range(SIZE))
        wanted = zlib.crc32(name.encode()) % SIZE
        slot = next(slot for step in range(SIZE) if (slot := (wanted + step) % SIZE) in free)
        free -= {slot}
        colours[name] = str(slot)
    return colours
