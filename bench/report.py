"""
Tables of results, as Markdown to paste and as JSON for programs.

In: Timings. Out: Table, Report, text. I/O: none.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.measure import Spread, Timing, divide

Cell = str | int | float | Spread | None


@dataclass(frozen=True, slots=True)
class Table:
    """One table of results."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What one measurement found."""

    title: str
    notes: tuple[str, ...]
    tables: tuple[Table, ...]


def compare(title: str, timings: Sequence[Timing], baseline: Timing | None = None) -> Table:
    """Return a row per timing, with its ratio to *baseline*, the first one if not given."""
    against = baseline or timings[0]
    return Table(
        title,
        ("case", "server CPU µs", "ratio", "wall µs", "wall ratio"),
        tuple(
            (
                timing.name,
                statistics.median(timing.cpu_us) if timing.cpu_us else None,
                divide(timing, against) if timing.cpu_us else None,
                statistics.median(timing.wall_us),
                divide(timing, against, by_wall=True),
            )
            for timing in timings
        ),
    )


def render_markdown(report: Report) -> str:
    """Return *report* as Markdown."""
    lines = [f"### {report.title}", ""]
    for note in report.notes:
        lines += [note, ""]
    for table in report.tables:
        lines += [*_render_table(table), ""]
    return "\n".join(lines)


def as_plain_data(report: Report) -> dict[str, object]:
    """Return *report* in types that JSON knows."""
    return {
        "title": report.title,
        "notes": list(report.notes),
        "tables": [
            {
                "title": table.title,
                "columns": list(table.columns),
                "rows": [[_as_plain_cell(cell) for cell in row] for row in table.rows],
            }
            for table in report.tables
        ],
    }


def _render_table(table: Table) -> Iterator[str]:
    if table.title:
        yield f"**{table.title}**"
        yield ""
    yield "| " + " | ".join(table.columns) + " |"
    yield "|---" + "|---:" * (len(table.columns) - 1) + "|"
    for row in table.rows:
        yield "| " + " | ".join(map(_render_cell, row)) + " |"


def _render_cell(cell: Cell) -> str:
    match cell:
        case None:
            return "not known"
        case Spread():
            return f"{_round(cell.median)} ({_round(cell.low)} to {_round(cell.high)})"
        case float():
            return _round(cell)
        case int():
            return f"{cell:,}"
        case str():
            return cell.replace("|", "\\|")


def _round(number: float) -> str:
    """Return three digits, and all of those before the point."""
    if abs(number) >= 100:
        return f"{number:,.0f}"
    return f"{number:.1f}" if abs(number) >= 10 else f"{number:.2f}"


def _as_plain_cell(cell: Cell) -> str | int | float | Mapping[str, float] | None:
    if isinstance(cell, Spread):
        return {"median": cell.median, "low": cell.low, "high": cell.high}
    return cell
