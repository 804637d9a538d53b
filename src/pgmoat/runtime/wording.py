"""
An error of PostgreSQL in the names that an agent knows.

In: psycopg.Error, Profile. Out: Words. I/O: none.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

import psycopg

from pgmoat.guard.syntax import hint_at_quotes
from pgmoat.policy.access import describe_rights, describe_writes
from pgmoat.runtime.constraint import find_entity, name_table, rename, rename_detail
from pgmoat.runtime.profile import Profile

# PostgreSQL goes on with the INSTEAD OF trigger that somebody should provide.
_NO_TRIGGER = re.compile(r'cannot (insert into|update|delete from) view "(.+)"')
_NO_RIGHT = re.compile(r"permission denied for view (.+)")
GRANT_HINT = "Use the entities and operations that this agent has. A person grants more in the policy."


class Words(NamedTuple):
    """What an error says."""

    message: str
    detail: str
    hint: str


_Reword = Callable[[Words, psycopg.Error, Profile], Words]


def lacks_trigger(message: str) -> bool:
    """Return whether the view has no trigger for a write, as no agent has the right to it."""
    return _NO_TRIGGER.match(message) is not None


def clarify(words: Words, error: psycopg.Error, profile: Profile, text: str) -> Words:
    """Return *words* about *error* of *text* in the policy's words, where it knows better."""
    state = error.sqlstate or ""
    if state == "42703":
        return words._replace(hint=words.hint or hint_at_quotes(words.message, text))
    reword = _BY_SQLSTATE.get(state) or _BY_CLASS.get(state[:2])
    return words if reword is None else reword(words, error, profile)


def _name_right(words: Words, _: psycopg.Error, profile: Profile) -> Words:
    found = _NO_TRIGGER.match(words.message)
    if found is None:
        return words
    verb, name = found.groups()
    access = profile.entities.get(name)
    may = f"; it may {describe_writes(access)}" if access is not None else ""
    return Words(f"this agent may not {verb} {name}{may}", "", GRANT_HINT)


def _list_rights(words: Words, _: psycopg.Error, profile: Profile) -> Words:
    """Name the columns: PostgreSQL names the view, whichever of them it is about."""
    found = _NO_RIGHT.match(words.message)
    access = profile.entities.get(found.group(1)) if found is not None else None
    if access is None:
        return words
    may = describe_rights(access)
    message = f"permission denied for {access.name}: this agent may " + (f"only {may}" if may else "nothing")
    star = "Name the columns: SELECT * and RETURNING * ask for hidden ones too. "
    return Words(message, words.detail, (star if access.hides_columns else "") + words.hint)


def _name_constraint(words: Words, error: psycopg.Error, profile: Profile) -> Words:
    said = error.diag
    table = said.table_name or name_table(words.message)
    access = find_entity(profile.tables, said.schema_name, table)
    detail = rename_detail(words.detail, access, profile.tables)
    if said.constraint_name and said.constraint_name not in words.message:
        detail = f"{detail} Constraint: {said.constraint_name}.".strip()
    return Words(rename(words.message, access, profile.tables), detail, words.hint)


_BY_SQLSTATE: dict[str, _Reword] = {
    "42501": _list_rights,
    "55000": _name_right,
}
_BY_CLASS: dict[str, _Reword] = {"23": _name_constraint}
