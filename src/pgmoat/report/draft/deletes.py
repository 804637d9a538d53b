"""
Whether a row of a table can be marked as deleted instead.

In: a surveyed table, the installer's rights come from plan. Out: how, or why not. I/O: none.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from pgmoat.catalog.snapshot import Column, Table
from pgmoat.model.names import ADDED_COLUMN_COMMENT
from pgmoat.report.survey.snapshot import SurveyedTable

MANAGED = ("deleted_at", "deleted_by", "delete_reason")
"""The keys of ``delete:`` and the names of their columns, unless it says otherwise."""

_MOST_COLUMNS = 1_590  # of 1,600: three may be added
_IDENTITY_LENGTH = 63
_TIMES = frozenset({"timestamptz", "timestamp"})
_TEXTS = frozenset({"text", "varchar"})
_MARKER = re.compile(
    r"(is_?|was_?)?(?P<kind>deleted|removed|archived)(_?(at|on|ts|time|date|flag|flg))?"
    r"|(date|time|ts)_(deleted|removed)|del_?(flag|flg|ind|at|ts|date)|delete_?(flag|flg|ind|date|time|ts)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class SoftDelete:
    """How rows can be marked as deleted, or why they cannot."""

    why_not: str = ""
    columns: Mapping[str, str] = field(
        default_factory=dict[str, str]
    )  # key of delete: to another base column
    is_own: bool = False  # the table marks deleted rows already
    obstacle: str = ""  # what makes a soft delete of an agent's unlike one of people's
    left_behind: str = ""  # rows of other tables that would go on pointing to a deleted one


def judge_soft_delete(table: SurveyedTable, chosen_tables: Collection[str] = ()) -> SoftDelete:
    """
    Return whether soft deletes fit the table as it is.

    Of what points to it, *chosen_tables* are named first: a person knows a table rather than its partitions.
    """
    people = table.table
    columns = {column.name: column for column in table.columns}
    chosen, why_not = _choose_columns(columns)
    obstacle = ""
    if not people.primary_key:
        why_not = "the table has no primary key"
    elif not why_not:
        why_not = find_hindrance(people)
        obstacle = find_obstacle(people, chosen["deleted_at"])
    is_own = chosen["deleted_at"] in columns
    changed = {key: name for key, name in chosen.items() if key != name}
    children = {child.table for child in people.children}
    pointing = sorted(children & set(chosen_tables) or children)
    more = f" and {len(pointing) - 2} more" if len(pointing) > 2 else ""
    left_behind = (
        f"rows of {', '.join(pointing[:2])}{more} would still point to deleted ones" if pointing else ""
    )
    why_not = why_not or ("" if is_own else obstacle)
    return SoftDelete(why_not, {} if why_not else changed, is_own, obstacle, left_behind)


def list_managed(table: SurveyedTable) -> frozenset[str]:
    """Return the columns that pgmoat itself added to the table: no entity lists them."""
    return frozenset(column.name for column in table.columns if column.comment == ADDED_COLUMN_COMMENT)


def find_obstacle(table: Table, deleted_at: str) -> str:
    """Return what a marked row would leave behind that a deleted one does not; empty when nothing."""
    cascading = sorted({child.table for child in table.children if child.on_delete == "c"})
    plain = [
        index
        for index in table.unique_indexes
        if not index.is_primary
        and not re.search(rf'\b{re.escape(deleted_at)}"? IS NULL', index.predicate or "")
    ]
    if cascading:
        more = f" and {len(cascading) - 2} more" if len(cascading) > 2 else ""
        return f"ON DELETE CASCADE would not fire, rows of {', '.join(cascading[:2])}{more} would stay active"
    if plain:
        return f"a deleted row would keep its values of {plain[0].name}, which is UNIQUE"
    return ""


def find_hindrance(table: Table) -> str:
    """Return what keeps a row from being marked at all; empty when nothing does."""
    if table.rules:
        return f"the rule {table.rules[0]} rewrites what is written"
    if table.has_inheritors:
        return "tables inherit from it"
    if table.row_security:
        return "the table is under row security"
    if len(table.columns) > _MOST_COLUMNS:
        return "there is no room for three more columns"
    touching = [
        trigger.name for trigger in table.triggers if trigger.touches and not trigger.security_definer
    ]
    if touching:
        return f"the trigger {touching[0]} writes other tables, which pgmoat's writer may not"
    return ""


def _choose_columns(columns: Mapping[str, Column]) -> tuple[dict[str, str], str]:
    """Return the base column of each key of ``delete:``, and why one cannot be had."""
    chosen: dict[str, str] = {}
    for key in MANAGED:
        types = _TIMES if key == "deleted_at" else _TEXTS
        own = columns.get(key)
        if own is None or _is_fit(own, types, key):
            chosen[key] = key
            continue
        free = next((name for name in (f"agent_{key}", f"pgmoat_{key}") if name not in columns), None)
        if key == "deleted_at" or free is None:
            return {
                **dict.fromkeys(MANAGED, ""),
                **chosen,
            }, f"{own.name} is {own.type_name}, which cannot hold {key}"
        chosen[key] = free
    if chosen["deleted_at"] not in columns:
        markers = [
            column for name, column in columns.items() if _MARKER.fullmatch(name) and name not in MANAGED
        ]
        for marker in markers:
            match = _MARKER.fullmatch(marker.name)
            is_deletion = match is not None and (match["kind"] or "").lower() != "archived"
            if is_deletion and _is_fit(marker, _TIMES, "deleted_at"):
                return {**chosen, "deleted_at": marker.name}, ""
        if markers:
            return chosen, f"{markers[0].name} ({markers[0].type_name}) marks its rows already"
    return chosen, ""


def _is_fit(column: Column, types: frozenset[str], key: str) -> bool:
    if column.base_type_name not in types or column.generated or column.identity:
        return False
    if key == "deleted_at":
        return not column.not_null and column.default is None
    return key != "deleted_by" or column.max_length is None or column.max_length >= _IDENTITY_LENGTH
