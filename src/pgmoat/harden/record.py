"""
The record of a hardening in pgmoat.closure, as SQL that a printed script holds as well.

In: Closures, RecordedClosures. Out: SQL. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pgmoat.model.closure import Closure
from pgmoat.model.objects import RecordedClosure
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
        )
        for taken in closure.taken or filter(None, [closure.completes])
    )


def record_sql(records: Sequence[RecordedClosure]) -> tuple[str, ...]:
    """Return what writes *records*; those who got a grant earlier stay on record."""
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
            "({area}, {key}, ARRAY[{grantees}]::pg_catalog.text[], {was_default})",
            area=quote.value(record.area),
            key=_list_key(record),
            grantees=join(map(quote.value, record.grantees)),
            was_default=Printed("true" if record.was_default else "false"),
        )
    )


def _compose_key(record: RecordedClosure) -> Composable:
    return Printed(compose("({})", _list_key(record)))


def _list_key(record: RecordedClosure) -> Printed:
    taken = record.taken
    parts = (taken.object_kind, taken.object, taken.column or "", taken.privilege, record.grantor)
    return join(map(quote.value, parts))
