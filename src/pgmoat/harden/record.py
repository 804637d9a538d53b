"""
The record of a hardening in pgmoat.closure, as SQL that a printed script holds as well.

In: Closures, RecordedClosures. Out: SQL. I/O: none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from pgmoat.model.closure import Closure
from pgmoat.model.objects import Grant, RecordedClosure
from pgmoat.plan import quote
from pgmoat.postgres.sqlfile import load_sql
from pgmoat.postgres.sqltext import Composable, Printed, compose, join

_PACKAGE = "pgmoat.harden"
_ROWS_AT_A_TIME = 500


def list_records(closure: Closure) -> tuple[RecordedClosure, ...]:
    """Return a record for each privilege that *closure* takes from PUBLIC, or completes."""
    return tuple(
        RecordedClosure(
            area=closure.area,
            taken=taken,
            grantor=closure.grantor,
            grantees=tuple(
                sorted(grant.grantee for grant in closure.given if grant.privilege == taken.privilege)
            ),
            was_default=closure.was_default,
            object_id=closure.object_id,
            part_id=closure.part_id,
        )
        for taken in closure.taken or filter(None, [closure.completes])
    )


def renew_records(
    records: Iterable[RecordedClosure], known: Iterable[RecordedClosure]
) -> tuple[list[RecordedClosure], list[RecordedClosure]]:
    """
    Return *records* with those of *known* of the same object in them, and these, whose rows they replace.

    Who got a grant earlier stays on record. What was renamed since is on record under its new name.
    """
    before: dict[tuple[Grant, str], list[RecordedClosure]] = defaultdict(list)
    for record in known:
        before[record.taken, record.grantor].append(record)
    renewed: list[RecordedClosure] = []
    replaced: list[RecordedClosure] = []
    for record in records:
        same = before.pop((record.taken, record.grantor), [])
        grantees = {name for part in (record, *same) for name in part.grantees}
        renewed.append(replace(record, grantees=tuple(sorted(grantees))))
        replaced += same
    return renewed, replaced


def record_sql(records: Sequence[RecordedClosure]) -> tuple[str, ...]:
    """Return what writes *records*."""
    return tuple(
        compose(load_sql(_PACKAGE, "record_closures"), rows=join(map(_compose_row, part), ",\n    "))
        for part in _split(records)
    )


def forget_sql(records: Sequence[RecordedClosure]) -> tuple[str, ...]:
    """Return what deletes *records*."""
    return tuple(
        compose(load_sql(_PACKAGE, "forget_closures"), rows=join(map(_compose_key, part), ",\n    "))
        for part in _split(records)
    )


def _split(records: Sequence[RecordedClosure]) -> Iterable[Sequence[RecordedClosure]]:
    return (records[start : start + _ROWS_AT_A_TIME] for start in range(0, len(records), _ROWS_AT_A_TIME))


def _compose_row(record: RecordedClosure) -> Composable:
    return Printed(
        compose(
            "({area}, {key}, ARRAY[{grantees}]::pg_catalog.text[], {was_default}, {object_id}, {part_id})",
            area=quote.value(record.area),
            key=_list_key(record, record.taken.object, record.taken.column or ""),
            object_id=Printed(str(record.object_id)),
            part_id=Printed(str(record.part_id)),
            grantees=join(map(quote.value, record.grantees)),
            was_default=Printed("true" if record.was_default else "false"),
        )
    )


def _compose_key(record: RecordedClosure) -> Composable:
    key = _list_key(record, *(record.known_as or (record.taken.object, record.taken.column or "")))
    return Printed(compose("({}, {})", key, Printed(str(record.object_id))))


def _list_key(record: RecordedClosure, name: str, column: str) -> Printed:
    taken = record.taken
    parts = (taken.object_kind, name, column, taken.privilege, record.grantor)
    return join(map(quote.value, parts))
