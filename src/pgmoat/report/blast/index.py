"""
A snapshot ready to be asked: names, subjects, rights, what stands behind relations, closures for PUBLIC.

In: Snapshot, the closures of a hardening. Out: Index. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pgmoat.model.closure import Closure
from pgmoat.report.blast.behind import Behind
from pgmoat.report.blast.model import Subject
from pgmoat.report.blast.names import Names
from pgmoat.report.blast.rights import Rights
from pgmoat.report.blast.snapshot import PUBLIC, Snapshot
from pgmoat.report.blast.subjects import Subjects


class Index(Names):
    """A snapshot with everything found by oid or by name."""

    def __init__(self, snapshot: Snapshot, public_closures: Iterable[Closure] = ()) -> None:
        super().__init__(snapshot)
        self.subjects = Subjects(self)
        self.rights = Rights(self)
        self.behind = Behind(self)
        self._public_closures = tuple(public_closures)
        self.me = PUBLIC  # the role in question

    @property
    def knows_closures(self) -> bool:
        """Whether somebody looked how PUBLIC's ways are closed."""
        return bool(self._public_closures)

    def find_public_closure(self, subject: Subject, privilege: str) -> Closure | None:
        """Return how a hardening takes PUBLIC's privilege on the object away."""
        bare = "function" if subject.kind in ("procedure", "aggregate") else subject.kind
        wanted = {
            f"{kind} {name}" for kind in (subject.kind, bare, "table") for name in (subject.name, subject.sql)
        }
        return next(
            (
                closure
                for closure in self._public_closures
                if closure.object in wanted and any(privilege in line for line in closure.sql)
            ),
            None,
        )

    def public_closures_of(self, area: str) -> tuple[Closure, ...]:
        """Return the closure that takes PostgreSQL's own functions of an area from PUBLIC; none: done."""
        parts = [
            closure
            for closure in self._public_closures
            if closure.area == area and closure.object.startswith("function pg_catalog.")
        ]
        return (join_closures(area, parts),) if parts else ()


def join_closures(area: str, parts: Sequence[Closure]) -> Closure:
    """Return one closure for several objects."""
    first = parts[0]
    return Closure(
        area=area,
        object=f"{len(parts)} functions of pg_catalog",
        about=first.about,
        sql=tuple(line for part in parts for line in part.sql),
        grants=tuple(line for part in parts for line in part.grants),
        revert=tuple(line for part in parts for line in part.revert),
        hurts=tuple(dict.fromkeys(role for part in parts for role in part.hurts)),
        keeps=tuple(dict.fromkeys(role for part in parts for role in part.keeps)),
        needs=first.needs,
    )
