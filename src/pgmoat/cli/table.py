"""
Tables: as wide as the terminal, or one row per line for a pipe.

In: columns, rows. Out: text. I/O: standard output.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from rich import markup
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.table import Table

from pgmoat.cli.output import show_controls

_GAP = 2
_SHORT = 20
"""What is no longer than this is never broken; longer cells are, at spaces, down to as much."""


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], droppable: Sequence[str] = ()
) -> None:
    """
    Print a table.

    Where a terminal is too narrow for all of it, *droppable* columns go, the first one first, and a line
    says which. What is no terminal gets every column, and each row on one line.
    """
    cells = [[show_controls("" if cell is None else str(cell)) for cell in row] for row in rows]
    console = Console(highlight=False)
    if not console.is_terminal:
        sys.stdout.writelines(f"{line}\n" for line in render_lines(columns, cells))
        return
    left_out = choose_left_out(columns, cells, droppable, console.width)
    console.print(lay_out(columns, cells, left_out))
    if left_out:
        console.print(f"[dim]too narrow for: {', '.join(left_out)}; --json has all[/]")


def render_lines(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the header and a line for each row, in columns."""
    widths = _measure(columns, rows)
    return [(" " * _GAP).join(map(set_cell_size, line, widths)).rstrip() for line in (columns, *rows)]


def choose_left_out(
    columns: Sequence[str], rows: Sequence[Sequence[str]], droppable: Sequence[str], width: int
) -> list[str]:
    """Return what of *droppable* has to go for the others to fit."""
    needs = {
        name: min(size, max(_SHORT, cell_len(name)))
        for name, size in zip(columns, _measure(columns, rows), strict=True)
    }
    left_out: list[str] = []
    for name in droppable:
        if sum(needs.values()) + _GAP * (len(needs) - 1) <= width:
            break
        if needs.pop(name, None) is not None:
            left_out.append(name)
    return left_out


def lay_out(columns: Sequence[str], rows: Sequence[Sequence[str]], left_out: Sequence[str]) -> Table:
    """Return the table without some columns: short cells stay whole, long ones take what room there is."""
    widths = _measure(columns, rows)
    kept = [number for number, name in enumerate(columns) if name not in left_out]
    table = Table(box=None, header_style="bold", pad_edge=False)
    for number in kept:
        is_short = widths[number] <= _SHORT
        table.add_column(columns[number], no_wrap=is_short, overflow="fold")
        if not is_short:
            table.columns[-1].min_width = _SHORT
    for row in rows:
        table.add_row(*(markup.escape(row[number]) for number in kept))
    return table


def _measure(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(cell_len, column)) for column in zip(columns, *rows, strict=True)]
