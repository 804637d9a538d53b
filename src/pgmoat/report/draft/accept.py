"""
What PUBLIC reaches, accepted for the time being, each with what closes it.

In: Reach. Out: DraftAccepts. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterable

from pgmoat.catalog.snapshot import Reach
from pgmoat.compiler.checks.reach import group_reach, render_revoke
from pgmoat.report.draft.model import DraftAccept

_KEEPING = "plan --harden usual does that and keeps people's rights"


def draft_accept(reaches: Iterable[Reach]) -> tuple[DraftAccept, ...]:
    """Return an entry for each object that every role reaches; memberships are apply's to take away."""
    entries: dict[str, DraftAccept] = {}
    for reach, privileges in group_reach(reaches):
        if reach.path != "PUBLIC" or reach.kind.startswith("membership"):
            continue
        revoke = render_revoke(reach, privileges)
        entries.setdefault(
            reach.object,
            DraftAccept(
                reach.object,
                f"found by init; decide: {revoke} ({_KEEPING})",
            ),
        )
    return tuple(entries.values())
