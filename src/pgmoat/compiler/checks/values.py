"""
Check value maps against the types and the data of their columns.

In: an entity, the catalog. Out: Findings. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterator, Set

from pgmoat.catalog.snapshot import Catalog, CodeCounts, Column
from pgmoat.compiler.checks.codes import CodeRefusedError, can_be_mapped, normalize_code, read_simple_default
from pgmoat.compiler.checks.subject import Subject
from pgmoat.compiler.checks.wording import join_words
from pgmoat.model.finding import Finding, Severity
from pgmoat.policy.schema import ColumnPolicy

_SHOWN_CODES = 20


def check_values(subject: Subject, catalog: Catalog) -> list[Finding]:
    """Return what is wrong with the entity's value maps."""
    findings: list[Finding] = []
    for column, wanted in subject.listed():
        if not wanted.values:
            continue
        if not can_be_mapped(column):
            findings.append(
                subject.error(
                    "value-map-type",
                    f"{column.name} is {column.type_name}, which cannot have a value map",
                    "value maps work on integers, numeric, boolean, enums and texts",
                    at=("columns", column.name, "values"),
                )
            )
            continue
        mapped, refused = _read_map(subject, column, wanted)
        findings += refused
        codes = catalog.codes.get((subject.entity.table, column.name))
        findings += _check_data(subject, column, wanted, mapped, codes)
        findings += _check_default(subject, column, mapped)
    return findings


def _read_map(subject: Subject, column: Column, wanted: ColumnPolicy) -> tuple[Set[str], list[Finding]]:
    """Return the codes that the map covers, and a finding for each that the column cannot hold or repeats."""
    seen: dict[str, str] = {}
    findings: list[Finding] = []
    for code in wanted.values:
        at = ("columns", column.name, "values", code)
        try:
            normal = normalize_code(column, code)
        except CodeRefusedError as refused:
            message = f"{column.name} is {column.type_name} and cannot hold code {code}: {refused}"
            findings.append(subject.error("code-type", message, at=at))
            continue
        if normal in seen:
            message = f"codes {seen[normal]} and {code} are the same {column.type_name}"
            findings.append(subject.error("code-repeated", message, "keep one of them", at=at))
        seen[normal] = code
    return seen.keys(), findings


def _check_data(
    subject: Subject, column: Column, wanted: ColumnPolicy, mapped: Set[str], codes: CodeCounts | None
) -> Iterator[Finding]:
    """Compare the codes that occur with the map."""
    at = ("columns", column.name, "values")
    if codes is None:
        yield subject.warning(
            "codes-not-read",
            f"the codes in {subject.entity.table}.{column.name} could not be read, nor checked",
            "plan as a role that may SELECT the table",
            at=at,
        )
        return
    unmapped = {code: rows for code, rows in codes.counts.items() if not _is_mapped(column, code, mapped)}
    if unmapped:
        is_accepted = wanted.unmapped == "allow"
        source = " (from planner statistics)" if codes.sampled else ""
        yield subject.finding(
            Severity.WARNING if is_accepted else Severity.ERROR,
            "codes-not-mapped",
            f"{subject.entity.table}.{column.name} holds codes that are not mapped{source}: "
            + _show_codes(unmapped, codes)
            + ("; agents read them as NULL" if is_accepted else ""),
            "map them" if is_accepted else "map them, or set `unmapped: allow` to let agents read NULL",
            at=at,
        )
    elif codes.sampled:
        yield subject.note(
            "codes-sampled",
            f"{subject.entity.table}.{column.name} is too large to count: rare codes may be unmapped",
            "an index on the column makes the check complete",
            at=at,
        )


def _is_mapped(column: Column, code: str, mapped: Set[str]) -> bool:
    """Whether the map covers a code of the data; one that no map can name, such as NaN, it does not."""
    try:
        return normalize_code(column, code) in mapped
    except CodeRefusedError:
        return False


def _show_codes(unmapped: dict[str, int], codes: CodeCounts) -> str:
    about = "about " if codes.estimated else ""
    shown = [
        code if rows < 0 else f"{code} ({about}{rows:,} {'row' if rows == 1 else 'rows'})"
        for code, rows in list(unmapped.items())[:_SHOWN_CODES]
    ]
    left = len(unmapped) - len(shown)
    return join_words([*shown, f"{left} more"] if left else shown)


def _check_default(subject: Subject, column: Column, mapped: Set[str]) -> Iterator[Finding]:
    """A row inserted without the column would hold a code that the agent cannot read."""
    default = read_simple_default(column)
    if default is None:
        return
    if not _is_mapped(column, default, mapped):
        yield subject.warning(
            "default-not-mapped",
            f"the default of {subject.entity.table}.{column.name}, {default}, is not mapped",
            "map it, or let agents insert the column",
            at=("columns", column.name, "values"),
        )
