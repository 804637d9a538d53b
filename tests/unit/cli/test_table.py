"""Tables: narrow ones lose columns and no words, and a pipe gets a row per line."""

from __future__ import annotations

import io

import pytest
from rich.cells import cell_len
from rich.console import Console

from pgmoat.cli.table import choose_left_out, lay_out, print_table, render_lines

COLUMNS = ("when", "agent", "task", "step", "kind", "action", "limit", "found", "what")
WHAT = "SELECT o.id, o.status FROM orders AS o WHERE o.customer_id = 4711 (by ada; wrong prices since noon)"
ROWS = [
    ["2026-01-01 12:00:00", "clerk", "T-1", "count", "statement-timeout", "cancelled", "5000", "6025", WHAT],
    ["2026-01-01 12:00:00", "everybody else", "", "", "by-hand", "frozen", "", "", "[x] \\n"],
]
DROPPABLE = ("step", "found", "limit", "task", "action")


def draw(width: int) -> str:
    file = io.StringIO()
    table = lay_out(COLUMNS, ROWS, choose_left_out(COLUMNS, ROWS, DROPPABLE, width))
    Console(file=file, width=width, color_system=None).print(table)
    return file.getvalue()


def test_with_room_all_is_shown() -> None:
    assert choose_left_out(COLUMNS, ROWS, DROPPABLE, 250) == []
    assert WHAT in draw(250)


def test_columns_go_in_order() -> None:
    assert choose_left_out(COLUMNS, ROWS, DROPPABLE, 100) == ["step", "found"]


@pytest.mark.parametrize("width", [200, 120, 100, 90, 80])
def test_no_word_is_broken(width: int) -> None:
    shown = draw(width)
    assert all(cell_len(line) <= width for line in shown.splitlines())
    words = set(shown.split())
    assert {"2026-01-01", "12:00:00", "statement-timeout", "everybody", "clerk", "[x]"} <= words
    assert set(WHAT.split()) <= words


def test_a_pipe_gets_a_row_per_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(COLUMNS, ROWS, DROPPABLE)
    lines = capsys.readouterr().out.splitlines()
    assert lines == render_lines(COLUMNS, ROWS)
    assert len(lines) == 3
    assert lines[1].endswith(WHAT)
    assert lines[1].index("cancelled") == lines[0].index("action")


def test_control_characters_and_markup_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("a", "b"), [("[bold]x[/]", "1\n2\x1b[2J"), (None, 3)])
    assert capsys.readouterr().out == "a           b\n[bold]x[/]  1\\n2\\x1b[2J\n            3\n"


def test_no_rows() -> None:
    assert render_lines(("a", "bb"), []) == ["a  bb"]
