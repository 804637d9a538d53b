"""What a key does, and that an act is about what was shown when it was asked for."""

from __future__ import annotations

import pytest

from pgmoat.cli.top.acts import Act, Verb
from pgmoat.cli.top.keys import decode_keys
from pgmoat.cli.top.state import SESSIONS, State, press, settle
from pgmoat.cli.top.view import View
from tests.unit.cli.frames import make_frame, make_session


def play(view: View, *keys: str) -> tuple[State, list[Act]]:
    state, acts = settle(State(), view), list[Act]()
    for key in keys:
        state, act = press(state, key, view)
        acts += [act] if act is not None else []
    return state, acts


def test_keys_are_told_apart() -> None:
    assert decode_keys(b"j\x1b[Af\x1bOB\ty") == ["j", "up", "f", "down", "tab", "y"]
    assert decode_keys("é".encode()) == ["other", "other"]
    assert decode_keys(b"\x1b") == ["other"]


def test_an_escape_sequence_that_ends_in_y_is_no_yes() -> None:
    assert decode_keys(b"\x1b[1;2y") == ["other"]
    assert decode_keys(b"\x1by") == ["other"]


@pytest.mark.parametrize(("key", "verb"), [("f", Verb.FREEZE), ("F", Verb.FREEZE_HARD), ("t", Verb.THAW)])
def test_an_agent_is_asked_about_and_then_done(key: str, verb: Verb) -> None:
    view = make_frame(make_session(100), make_session(101))
    state, acts = play(view, key)
    assert (state.prompt, acts) == (Act(verb, "clerk"), [])
    _, acts = play(view, key, "y")
    assert acts == [Act(verb, "clerk")]


@pytest.mark.parametrize("answer", ["n", "q", "other", "\n", "x"])
def test_every_other_answer_is_a_no(answer: str) -> None:
    state, acts = play(make_frame(make_session(), make_session(101)), "f", answer)
    assert (acts, state.prompt, state.message, state.is_over) == ([], None, "nothing done", False)


def test_a_session_is_ended_and_its_task_frozen() -> None:
    view = make_frame(make_session(100))
    _, acts = play(view, "tab", "c", "y", "x", "y", "f", "y", "F", "y")
    cancel, kill, freeze, hard = acts
    assert (cancel.verb, kill.verb) == (Verb.CANCEL, Verb.KILL)
    assert cancel.session is not None
    assert (cancel.session.pid, cancel.session.query_start) == (100, view.sessions[0].query_start)
    assert (cancel.session.task_id, cancel.session.step) == ("T-1", "plan")
    assert (freeze.agent, freeze.task_id, freeze.session) == ("clerk", "T-1", None)
    assert (hard.agent, hard.task_id) == ("clerk", None)


def test_people_are_not_frozen_and_agents_are_not_cancelled() -> None:
    state, acts = play(make_frame(), "f", "y")  # everybody else has all the time, and is the first line
    assert (acts, state.prompt) == ([], None)
    state, _ = play(make_frame(), "f")
    assert "people" in state.message
    state, _ = play(make_frame(make_session(100), make_session(101)), "c")
    assert "tab" in state.message
    state, _ = play(make_frame(), "tab", "x")
    assert state.message == "no session is running"


def test_the_selection_follows_what_is_selected() -> None:
    before = make_frame(make_session(100), make_session(101), make_session(102))
    state, _ = play(before, "tab", "down", "j", "k")
    assert state.session is not None
    assert state.session[0] == 101
    after = make_frame(make_session(99), make_session(101))
    state = settle(state, after)
    assert (state.session[0] if state.session else None, state.line) == (101, 1)
    state = settle(state, make_frame(make_session(7)))
    assert (state.session[0] if state.session else None, state.line) == (7, 0)


def test_an_act_stays_about_what_was_shown() -> None:
    state, _ = play(make_frame(make_session(100)), "tab", "x")
    later = make_frame(make_session(200))
    _, act = press(settle(state, later), "y", later)
    assert act is not None
    assert act.session is not None
    assert act.session.pid == 100


def test_help_and_quit() -> None:
    view = make_frame()
    assert play(view, "?")[0].shows_help
    assert not play(view, "?", "j")[0].shows_help
    assert play(view, "q")[0].is_over
    assert play(view, "tab")[0].pane == SESSIONS
