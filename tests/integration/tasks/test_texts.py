"""
Task ids and steps: what they may be, and what becomes of forged ones.

I/O: PostgreSQL, PgBouncer.
"""

from __future__ import annotations

import pytest

from tests.integration.tasks.steps import write
from tests.moat_fixtures import Connection, Moat, enter, refused

_BAD_STEPS = [
    "",
    "a\nb",
    "a\rb",
    "\t",
    "\x1b[31m",
    "a\x7f",
    "a\x85b",
    "a\u2028b",
    "x" * 101,
    "x" * 10_000_000,
]


@pytest.mark.parametrize("step", _BAD_STEPS, ids=range(len(_BAD_STEPS)))
def test_a_bad_step_is_refused_and_not_shown(desk: Moat, route: str, step: str) -> None:
    token = desk.open_task("namer", "issued")
    calls = (("SELECT pgmoat.enter(%s, %s)", token), ("SELECT pgmoat.claim(%s, %s)", "mine"))
    for call, task in calls:
        with desk.connect("namer", route=route) as connection, refused("PM017") as caught:
            connection.execute(call.encode(), (task, step))
        assert len(str(caught.value)) < 1000
        assert "\x1b" not in str(caught.value)
    assert desk.value("SELECT count(*) FROM pgmoat.task") == 1


@pytest.mark.parametrize("step", [None, "x", "x" * 100, "plan: \u00fcber 'quotes' --", "\u4e00" * 100])
def test_a_good_step_is_kept_as_it_is(desk: Moat, step: str | None) -> None:
    with desk.task("boss", step=step) as connection:
        write(connection, 1)
    assert desk.read("SELECT step FROM pgmoat.history") == [(step,)]


@pytest.mark.parametrize(
    ("forged", "kept"),
    [("a\nb\x1b[0m", "a?b?[0m"), ("x" * 10_000_000, "x" * 100), ("\n" * 200, "?" * 100), ("", None)],
    ids=["control", "long", "both", "empty"],
)
def test_a_forged_step_is_cleaned_when_it_is_recorded(desk: Moat, forged: str, kept: str | None) -> None:
    with desk.task("boss", step="honest") as connection:
        connection.execute("SELECT set_config('pgmoat.step', %s, true)", (forged,))
        write(connection, 1)
        assert connection.execute("SELECT step FROM pgmoat.my_task()").fetchone() == (kept,)
    assert desk.read("SELECT step FROM pgmoat.statement") == [(kept,)]


@pytest.mark.parametrize("task_id", ["", "a\nb", "\x07", "x" * 201, "x" * 10_000_000, None])
def test_a_bad_task_id_is_refused_by_everyone(desk: Moat, task_id: str | None) -> None:
    with desk.superuser() as person, refused("PM017"):
        person.execute("SELECT pgmoat.open_task('boss', %s)", (task_id,))
    with desk.connect("namer") as connection, refused("PM017"):
        connection.execute("SELECT pgmoat.claim(%s)", (task_id,))
    assert desk.value("SELECT count(*) FROM pgmoat.task") == 0


def _forge(connection: Connection, **settings: str) -> None:
    for name, value in settings.items():
        connection.execute("SELECT set_config(%s, %s, true)", (f"pgmoat.{name}", value))


def test_forged_settings_open_nothing_and_move_nothing(desk: Moat) -> None:
    """No wall rests on a setting: what a session sets by itself changes labels only."""
    token = desk.open_task("boss", "root", max_writes=3)
    desk.open_task("boss", "other")
    with desk.connect("boss") as connection, refused("PM001"), connection.transaction():
        _forge(connection, task="other", task_id="other", parent="other", agent="worker", origin="claimed")
        write(connection, 1)
    with refused("PM011"), desk.task("boss", token) as connection:
        _forge(connection, task="other", ancestors="{}", max_writes="100")
        write(connection, 1, 4)
    with desk.connect("boss") as connection, refused("PM001"), connection.transaction():
        enter(connection, "x" * 10_000_000)
