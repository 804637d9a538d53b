"""
What a key does: to the selection, or as a question.

In: a State, a key, the View that was shown. Out: a State, maybe an Act to carry out. I/O: none.

An act is made of what was shown when its key was pressed: what moves up or down until the answer changes
nothing about it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from pgmoat.accounting.sessions import RunningSession
from pgmoat.cli.top.acts import Act, Verb
from pgmoat.cli.top.view import AgentLine, View
from pgmoat.ledger.sessions import ShownSession

AGENTS, SESSIONS = "agents", "sessions"

SessionKey = tuple[int, datetime]


@dataclass(frozen=True, slots=True)
class State:
    """Which pane and line are selected, what is asked or was said; *line* is where the selection was last."""

    pane: str = AGENTS
    agent: str | None = None
    session: SessionKey | None = None
    line: int = 0
    prompt: Act | None = None
    message: str = ""
    lost: str = ""  # what keeps it from looking; what is shown is old then
    shows_help: bool = False
    is_over: bool = False


def find_line(state: State, view: View) -> int:
    """Return the line of the selection in its pane; where it is gone, what took its place."""
    keys: list[object] = (
        [line.agent for line in view.agents]
        if state.pane == AGENTS
        else [_key(session) for session in view.sessions]
    )
    wanted: object = state.agent if state.pane == AGENTS else state.session
    if wanted in keys:
        return keys.index(wanted)
    return max(0, min(state.line, len(keys) - 1))


def settle(state: State, view: View) -> State:
    """Return *state* with the selection on a line that *view* has."""
    return _select(state, view, find_line(state, view))


def press(state: State, key: str, view: View) -> tuple[State, Act | None]:
    """Return what *key* makes of *state*, and what is to be done after a yes."""
    if state.prompt is not None:
        act = state.prompt if key in {"y", "Y"} else None
        message = f"{act.verb} {act.subject} …" if act else "nothing done"
        return replace(state, prompt=None, message=message), act
    if state.shows_help:
        return replace(state, shows_help=False, is_over=key == "q"), None
    state = replace(settle(state, view), message="")
    handler = _KEYS.get(key)
    return (state if handler is None else handler(state, view)), None


def _move(state: State, view: View, by: int) -> State:
    return _select(state, view, find_line(state, view) + by)


def _select(state: State, view: View, line: int) -> State:
    count = len(view.agents if state.pane == AGENTS else view.sessions)
    line = max(0, min(line, count - 1))
    if not count:
        return replace(state, line=0)
    if state.pane == AGENTS:
        return replace(state, line=line, agent=view.agents[line].agent)
    return replace(state, line=line, session=_key(view.sessions[line]))


def _switch(state: State, view: View) -> State:
    pane = SESSIONS if state.pane == AGENTS else AGENTS
    return settle(replace(state, pane=pane, line=0), view)


def _ask(state: State, view: View, verb: Verb) -> State:
    line = find_line(state, view)
    if state.pane == AGENTS:
        return _ask_of_agent(state, view.agents[line] if view.agents else None, verb)
    if not view.sessions:
        return replace(state, message="no session is running")
    return replace(state, prompt=_make_act(view.sessions[line], verb))


def _ask_of_agent(state: State, line: AgentLine | None, verb: Verb) -> State:
    if verb in {Verb.CANCEL, Verb.KILL}:
        return replace(state, message="select a session first: tab")
    if line is None or not line.agent:
        return replace(state, message="everybody else is people: only agents are frozen")
    return replace(state, prompt=Act(verb, line.agent))


def _make_act(session: RunningSession, verb: Verb) -> Act:
    if verb in {Verb.CANCEL, Verb.KILL}:
        shown = ShownSession(
            session.pid,
            session.backend_start,
            session.query_start,
            session.xact_start,
            session.task_id,
            session.step,
            session.fingerprint,
        )
        return Act(verb, session.agent, session.task_id, shown)
    return Act(verb, session.agent, None if verb is Verb.FREEZE_HARD else session.task_id)


def _key(session: RunningSession) -> SessionKey:
    return (session.pid, session.backend_start)


def _asks(verb: Verb) -> Callable[[State, View], State]:
    return lambda state, view: _ask(state, view, verb)


def _moves(by: int) -> Callable[[State, View], State]:
    return lambda state, view: _move(state, view, by)


_KEYS: Mapping[str, Callable[[State, View], State]] = {
    "up": _moves(-1),
    "k": _moves(-1),
    "down": _moves(1),
    "j": _moves(1),
    "tab": _switch,
    "f": _asks(Verb.FREEZE),
    "F": _asks(Verb.FREEZE_HARD),
    "t": _asks(Verb.THAW),
    "c": _asks(Verb.CANCEL),
    "x": _asks(Verb.KILL),
    "?": lambda state, _: replace(state, shows_help=True),
    "q": lambda state, _: replace(state, is_over=True),
}
