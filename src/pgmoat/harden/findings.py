"""
What a hardening has to say besides what it does: reopened closures, and ways that it cannot close.

In: RecordedClosures, the objects as they are. Out: Findings. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pgmoat.catalog.snapshot import Reach
from pgmoat.compiler.checks.reach import find_unaccepted
from pgmoat.compiler.checks.wording import join_words
from pgmoat.harden.areas import Areas
from pgmoat.harden.read import Rights
from pgmoat.harden.rights import Thing
from pgmoat.harden.soften import Reopening, is_reopened
from pgmoat.harden.statements import grant_sql, name_reach, revoke_sql, unquote
from pgmoat.harden.wording import describe
from pgmoat.model.finding import Finding, Severity
from pgmoat.model.objects import RecordedClosure
from pgmoat.policy.schema import Policy

_MOST = 3
_CHECKED = {
    "tables": frozenset({"table", "sequence"}),
    "functions": frozenset({"function", "procedure"}),
    "large-objects": frozenset({"large object"}),
    "schema": frozenset({"schema", "database"}),
}
"""By area, the kinds of objects that a policy has to accept."""


def find_reopened(records: Sequence[RecordedClosure], things: Iterable[Thing]) -> Iterator[Finding]:
    """Yield a finding for each closure that somebody opened again."""
    by_place = {thing.place: thing for thing in things}
    for record in records:
        if is_reopened(record, by_place):
            thing = by_place[(record.taken.object_kind, record.taken.object, record.taken.column)]
            yield Finding(
                Severity.WARNING,
                "closure-reopened",
                (),
                f"{record.taken.privilege} on {describe(thing)} is PUBLIC's again: apply --harden"
                f" {record.area} had closed it",
                f"{revoke_sql([record.taken])}; or pgmoat apply --harden {record.area}, which also"
                f" serves roles made since; or pgmoat apply --soften {record.area} to leave it so",
            )


def note_missing(record: RecordedClosure) -> Finding:
    """Return that *record* is forgotten without its object: dropped, or not to be found after a restore."""
    taken = record.taken
    name = f"{taken.object_kind} {unquote(taken.object)}" + (
        f", column {taken.column}" if taken.column else ""
    )
    if record.is_traced:
        return Finding(
            Severity.NOTE,
            "closure-gone",
            (),
            f"{name} is gone, which apply --harden {record.area} had closed: nothing to give back",
            "nothing",
        )
    return Finding(
        Severity.WARNING,
        "closure-lost",
        (),
        f"there is no {name} any more, which apply --harden {record.area} had closed; under another name it"
        " stays closed, and its record is forgotten",
        f"if it has another name now: {grant_sql([taken])}; with that name",
    )


def warn_unaccepted(policy: Policy, reopened: Sequence[RecordedClosure]) -> Iterator[Finding]:
    """Yield that the policy does not fit any more once *reopened* is PUBLIC's again."""
    reaches = [
        Reach(object=name, kind=kind, privilege=privilege, path="PUBLIC")
        for record in reopened
        for kind, name, privilege in [name_reach(record.taken)]
        if record.taken.object_kind in _CHECKED.get(record.area, ())
        and (record.area != "schema" or privilege == "CREATE")
    ]
    found = list(find_unaccepted(policy, reaches))
    if found:
        more = f", and {len(found) - _MOST} more" if len(found) > _MOST else ""
        yield Finding(
            Severity.WARNING,
            "soften-unaccepted",
            ("accept",),
            "after this the policy does not fit, and plan and apply refuse it:"
            f" {'; '.join(text for _, text in found[:_MOST])}{more}",
            f"accept: {', '.join(f'object: {reach.object}' for reach, _ in found[:_MOST])}{more};"
            " or soften other areas only",
        )


def refuse_left(found: Reopening) -> Finding:
    """Return that pgmoat cannot go before *found* is given back."""
    return Finding(
        Severity.ERROR,
        "closure-stays",
        (),
        f"{found.record.taken.privilege} on {found.object} was taken from PUBLIC, and giving it back needs"
        f" {found.needs}",
        "run what pgmoat plan --soften all --superuser-sql prints as a superuser, then destroy",
    )


def list_surroundings(rights: Rights, close: Areas) -> Iterator[Finding]:
    """Yield what stays open whatever is closed here."""
    others = [name for name in rights.open_databases if name not in close.databases]
    if others:
        yield Finding(
            Severity.NOTE,
            "harden-databases",
            ("agents",),
            f"agents may connect to {join_words(others)} as well, and reach there what PUBLIC may",
            " ".join(f"--harden connect:{name}" for name in others[:3])
            + (" …" if len(others) > 3 else "")
            + " closes that, if pg_hba.conf does not",
        )
    if rights.has_lax_large_objects:
        yield Finding(
            Severity.WARNING,
            "harden-large-objects",
            ("agents",),
            "lo_compat_privileges is on: every role reads and writes every large object, whatever is revoked",
            "ALTER SYSTEM SET lo_compat_privileges = off; SELECT pg_reload_conf(); -- as a superuser",
        )
    yield Finding(
        Severity.NOTE,
        "harden-never",
        ("agents",),
        "NOTIFY, LISTEN, SET and the system catalogs are no privileges: no REVOKE closes them",
        "the watchdog and a pooler that resets sessions bound what comes of it",
    )
