"""A frame is drawn to exactly the size of the terminal, and obeys nothing that an agent wrote."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.cells import cell_len

from pgmoat.accounting.watchdog import WatchdogState
from pgmoat.cli.top.acts import Act, Verb
from pgmoat.cli.top.live import Lost, take
from pgmoat.cli.top.screen import describe_watchdog, fit, render_bar, render_screen
from pgmoat.cli.top.state import SESSIONS, State, settle
from pgmoat.cli.top.view import Slice
from tests.unit.cli.frames import make_agent, make_frame, make_session


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (60, 10), (30, 5), (8, 2), (200, 60)])
@pytest.mark.parametrize("help_is_on", [False, True])
def test_it_fits(size: tuple[int, int], help_is_on: bool) -> None:
    width, height = size
    sessions = [make_session(pid, query="SELECT '日本語' " * 40) for pid in range(100, 150)]
    view = make_frame(
        *sessions, agents=tuple(make_agent(f"agent-{n:03}", reason="x" * 300) for n in range(40))
    )
    for pane in ("agents", SESSIONS):
        state = settle(State(pane=pane, line=30, shows_help=help_is_on), view)
        lines = render_screen(view, state, width, height).plain.split("\n")
        assert len(lines) == height
        assert max(map(cell_len, lines)) <= width


@pytest.mark.parametrize("line", [0, 25, 49])
def test_the_selected_line_is_seen(line: int) -> None:
    view = make_frame(*(make_session(pid) for pid in range(100, 150)))
    state = settle(State(pane=SESSIONS, line=line), view)
    (marked,) = [row for row in render_screen(view, state, 80, 24).plain.split("\n") if row.startswith("> ")]
    assert marked.split()[1] == str(100 + line)


def test_it_says_who_takes_the_time() -> None:
    view = make_frame(
        make_session(100), make_session(101, wait="Lock"), agents=(make_agent(reason="prices"),)
    )
    text = render_screen(view, settle(State(), view), 80, 24).plain
    assert "load 3.0" in text
    assert "watchdog: beat 0.4 s ago" in text
    (clerk,) = [line for line in text.split("\n") if line.startswith("> clerk")]
    assert "67%" in clerk
    assert "40% ± 2" in clerk
    assert "2/7" in clerk
    assert clerk.rstrip().endswith("FROZEN")
    assert "clerk is frozen: prices" in text
    assert "Lock:LockEvent" in text
    assert "no record" in render_screen(replace(view, accounting=None), State(), 80, 24).plain


def test_what_agents_write_does_nothing_to_the_terminal() -> None:
    evil = "\x1b[2J\x07\u202e[bold]x[/]\r\n"
    session = replace(make_session(query=f"SELECT /* {evil} */ 1"), agent=evil)
    view = make_frame(session)
    text = render_screen(view, settle(State(pane=SESSIONS, message=evil), view), 160, 24)
    assert not any(character in text.plain for character in "\x1b\x07\u202e\r")
    assert "[bold]x[/]" in text.plain


def test_the_bottom_line_asks() -> None:
    asks = State(prompt=Act(Verb.FREEZE, "clerk"))
    text = render_screen(make_frame(), asks, 80, 24).plain
    assert text.split("\n")[-1].startswith("freeze agent clerk? (its next statement is refused) y/n")


def test_bars_are_as_long_as_shares_and_split_by_waits() -> None:
    assert render_bar(Slice(4, 0.5, {"CPU": 3, "Lock": 1}), 8).plain == "███▓····"
    assert render_bar(Slice(), 4).plain == "····"
    assert render_bar(Slice(1, 1.0, {"Odd": 1}), 3).plain == "░░░"


def test_cells_have_their_width() -> None:
    assert fit("abc", 5) == "abc  "
    assert fit("abcdef", 4) == "abc…"
    assert cell_len(fit("日本語日本語", 5)) == 5
    assert fit("abc", 0) == ""


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (WatchdogState(False, False, None), "no watchdog: sampling here"),
        (WatchdogState(False, False, 900.0), "no watchdog: sampling here"),
        (WatchdogState(True, False, 9.0), "watchdog leads, but does not beat"),
        (WatchdogState(True, True, 0.25), "watchdog: beat 0.2 s ago"),
    ],
)
def test_the_watchdog(state: WatchdogState, said: str) -> None:
    assert describe_watchdog(state) == said


def test_while_the_database_is_away_nothing_looks_live() -> None:
    frame = make_frame(make_session(100), agents=(make_agent(),))
    view, state = take(Lost("cannot connect"), frame, settle(State(message="frozen"), frame))
    screen = render_screen(view, state, 80, 24)
    lines = screen.plain.split("\n")
    assert "away" in lines[0]
    assert "what you see is from 12:00:00" in lines[0]
    assert "beat" not in screen.plain
    assert lines[-1].startswith("trying again: cannot connect")
    assert "dim" in {str(span.style) for span in screen.spans}
    view, state = take(frame, view, state)
    lines = render_screen(view, state, 80, 24).plain.split("\n")
    assert "beat 0.4 s ago" in lines[0]
    assert lines[-1].startswith("connected again at 12:00:00")


def test_one_is_not_many() -> None:
    view = replace(make_frame(make_session(100), agents=(make_agent(),)), hidden=1)
    text = render_screen(view, State(), 120, 24).plain
    assert "(1 session)" in text
    assert "1 session cannot be seen into" in text
