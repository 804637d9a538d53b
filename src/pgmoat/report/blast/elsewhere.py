"""
What a role reaches in the other databases of the server.

In: Blasts. Out: a Blast. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pgmoat.report.blast.model import Blast, Claim, Severity, Standing

_OF_THE_SERVER = frozenset({"server", "role", "database", "tablespace", "parameter"})


def list_other_databases(blast: Blast) -> list[str]:
    """Return the other databases that the role may log in to."""
    return [
        claim.subject.name
        for claim in blast.claims_of("connect-database")
        if claim.subject.name != blast.database
    ]


def add_databases(blast: Blast, others: Iterable[Blast], notes: Iterable[str] = ()) -> Blast:
    """Return *blast* with what lies beyond in *others*, and *notes* on databases that could not be read."""
    known = list(others)
    more = [_move(claim, other.database) for other in known for claim in other.claims if _is_local(claim)]
    read = {other.database for other in known}
    claims = tuple(_say_read(claim, read) for claim in blast.claims)
    beyond = [claim for claim in claims if claim.is_beyond]
    beyond = sorted([*beyond, *more], key=lambda claim: list(Severity).index(claim.severity))
    rest = tuple(claim for claim in claims if not claim.is_beyond)
    return replace(blast, claims=(*beyond, *rest), notes=(*blast.notes, *notes))


def _is_local(claim: Claim) -> bool:
    return claim.standing is Standing.BEYOND and claim.subject.kind not in _OF_THE_SERVER


def _move(claim: Claim, database: str) -> Claim:
    """Return the claim as one about another database; its closures are run there."""
    ways = tuple(
        replace(
            way,
            closures=tuple(
                replace(closure, object=f"{closure.object} in database {database}")
                for closure in way.closures
            ),
        )
        for way in claim.ways
    )
    return replace(claim, subject=replace(claim.subject, database=database), ways=ways)


def _say_read(claim: Claim, read: set[str]) -> Claim:
    if claim.code != "connect-database" or claim.subject.name not in read:
        return claim
    return replace(claim, message=claim.message.partition(";")[0] + "; what it reaches there is listed")
