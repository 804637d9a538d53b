"""
Draw a frame.

In: View, State, the size of the terminal. Out: Text of exactly that size. I/O: none.

Whatever agents wrote, names, steps, queries, is shown with its control characters spelled out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from pgmoat.accounting.sessions import RunningSession
from pgmoat.accounting.share import describe_window
from pgmoat.accounting.watchdog import WatchdogState
from pgmoat.cli.output import show_controls
from pgmoat.cli.top.acts import ask
from pgmoat.cli.top.state import AGENTS, SESSIONS, State, find_line
from pgmoat.cli.top.view import AgentLine, Slice, View
from pgmoat.model.count import describe_count

LOOKS: Mapping[str, tuple[str, str]] = {
    "CPU": ("█", "green"),
    "Lock": ("▓", "red"),
    "LWLock": ("▓", "magenta"),
    "IO": ("▒", "blue"),
    "Client": ("░", "yellow"),
    "IPC": ("░", "cyan"),
    "Timeout": ("░", "bright_black"),
}
"""Glyph and colour of each wait class: told apart without colours too."""

_Item = TypeVar("_Item")
_OTHER = ("░", "white")
_HINTS = "q quit  tab pane  j/k select  f freeze  F hard  t thaw  c cancel  x kill  ? help"
_HELP = (
    "up, k / down, j   select a line",
    "tab               switch between agents and sessions",
    "f                 freeze the agent, or the session's task: its next statement is refused",
    "F                 freeze --hard: take the agent's LOGIN too, and end all its sessions",
    "t                 thaw the agent, or the session's task",
    "c                 cancel the session's statement",
    "x                 end the session",
    "q                 quit",
    "",
    "Each act asks y/n, and is recorded as an incident. A session is only ended",
    "while it still is what was shown.",
    "now: the last interval. load: sessions in database time.",
    "Shares are of all database time, people's too.",
    "The third figure is what the watchdog recorded, with its error in points.",
)
_LEAST_AGENTS = 3
_WIDE = 110
_NARROW_WIDTHS = (("pid", 8), ("agent", 11), ("task", 11), ("step", 9), ("s", 7), ("wait", 16))
_WIDE_WIDTHS = (("pid", 8), ("agent", 16), ("task", 20), ("step", 16), ("s", 8), ("wait", 22))


def render_screen(view: View | None, state: State, width: int, height: int) -> Text:
    """Return the frame; without *view* nothing has been read yet."""
    lines = [Text("pgmoat top: connecting")] if view is None else _render_head(view, state, width)
    if view is not None:
        room = height - len(lines) - 1
        if state.shows_help:
            lines += [Text(fit(line, width)) for line in _HELP[:room]]
        else:
            panes = _render_panes(view, state, width, room)
            if state.lost:  # nothing of it is live
                panes = [Text(line.plain, "dim") for line in panes]
            lines += panes
    lines = lines[: height - 1]
    lines += [Text("")] * (height - 1 - len(lines))
    lines.append(_render_bottom(state, width))
    return Text("\n", no_wrap=True, end="").join(lines)


def fit(text: str, width: int) -> str:
    """Return *text* in exactly *width* cells, shortened with an ellipsis, control characters spelled out."""
    text = show_controls(text[: width * 4])
    if cell_len(text) > width:
        return set_cell_size(text, width - 1) + "…" if width > 0 else ""
    return set_cell_size(text, width)


def describe_watchdog(state: WatchdogState) -> str:
    """Return whether a watchdog is at work, and how old its heartbeat is."""
    if state.is_good and state.age_seconds is not None:
        return f"watchdog: beat {state.age_seconds:.1f} s ago"
    if state.is_leading:
        return "watchdog leads, but does not beat"
    return "no watchdog: sampling here"


def _render_head(view: View, state: State, width: int) -> list[Text]:
    left = f"pgmoat top  {view.database}  {view.at:%H:%M:%S %Z}  load {view.load:.1f}"
    right = describe_watchdog(view.watchdog)
    if state.lost:
        left, right = f"pgmoat top  {view.database}  away", f"what you see is from {view.at:%H:%M:%S %Z}"
    head = Text(
        fit(left, max(0, width - len(right) - 1)) + " " + right,
        style="bold red reverse" if state.lost else "reverse",
    )
    kinds = {kind for line in view.agents for part in (line.now, line.minute) for kind in part.waits}
    legend = Text()
    for kind in sorted(kinds, key=_rank):
        glyph, colour = LOOKS.get(kind, _OTHER)
        legend.append(glyph, colour).append(f" {kind}  ")
    if view.hidden:
        legend.append(f"{describe_count(view.hidden, 'session')} cannot be seen into", "yellow")
    legend.truncate(width)
    head.truncate(width)
    return [head, legend]


def _render_panes(view: View, state: State, width: int, room: int) -> list[Text]:
    # A header for each pane, and a line between them.
    places = max(0, room - 3)
    most_agents = max(_LEAST_AGENTS, places - max(len(view.sessions), places // 2))
    shown = min(len(view.agents), most_agents)
    selected = find_line(state, view)
    lines = [_render_agent_header(view, state, width)]
    for number, line in _window(view.agents, selected if state.pane == AGENTS else 0, shown):
        is_selected = state.pane == AGENTS and number == selected
        lines.append(_mark(_render_agent(line, view, width), is_selected))
    lines.append(_render_note(view, state, selected, width))
    lines.append(_render_session_header(view, state, width))
    left = max(0, room - len(lines))
    for number, session in _window(view.sessions, selected if state.pane == SESSIONS else 0, left):
        is_selected = state.pane == SESSIONS and number == selected
        lines.append(_mark(_render_session(session, width), is_selected))
    return lines


def _window(items: Sequence[_Item], selected: int, count: int) -> list[tuple[int, _Item]]:
    """Return *count* of *items* with their numbers, so that the selected one is among them."""
    start = max(0, min(selected - count + 1, len(items) - count)) if selected >= count else 0
    return list(enumerate(items))[start : start + count]


def _mark(line: Text, is_selected: bool) -> Text:
    marked = Text("> " if is_selected else "  ").append_text(line)
    if is_selected:
        marked.stylize("bold")
    return marked


def _agent_widths(view: View, width: int) -> tuple[int, int]:
    """Return how wide names and bars are."""
    name = max(5, min(16, max((cell_len(_name(line.agent)) for line in view.agents), default=0)))
    # Mark, name, two bars with a percentage each, the record, connections, frozen; a blank behind most.
    return name, max(4, (width - 2 - (name + 1) - 2 * 7 - 14 - 8 - 6) // 2)


def _render_agent_header(view: View, state: State, width: int) -> Text:
    name, bar = _agent_widths(view, width)
    window = describe_window(view.accounting.until - view.accounting.since) if view.accounting else ""
    recorded = f"last {window}" if window else "no record"
    cells = (
        fit("agent", name),
        fit("now", bar + 6),
        fit("last 60 s", bar + 6),
        fit(recorded, 13),
        fit("conns", 8),
    )
    return _header("  " + " ".join(cells), state.pane == AGENTS, width)


def _render_agent(line: AgentLine, view: View, width: int) -> Text:
    name, bar = _agent_widths(view, width)
    text = Text(fit(_name(line.agent), name) + " ", style="" if line.agent else "italic")
    for part in (line.now, line.minute):
        text.append_text(render_bar(part, bar)).append(f" {part.share:>4.0%}  ")
    recorded = line.recorded
    shown = f"{recorded.share:.0%} ± {recorded.error * 100:.0f}" if recorded and view.accounting else "-"
    text.append(fit(shown, 13) + " ")
    most = "" if line.max_connections is None else f"/{line.max_connections}"
    text.append(fit("" if line.connections is None else f"{line.connections}{most}", 7) + " ")
    if line.is_frozen:
        text.append("HARD" if line.is_hard_frozen else "FROZEN", "bold cyan")
    text.truncate(max(0, width - 2))
    return text


def render_bar(part: Slice, width: int) -> Text:
    """Return a bar of *width* cells: as long as the share, split by wait class."""
    bar = Text()
    filled, total = round(part.share * width), sum(part.waits.values())
    done, reached = 0, 0.0
    for kind in sorted(part.waits, key=_rank):
        reached += part.waits[kind]
        cells = round(reached / total * filled) - done if total else 0
        glyph, colour = LOOKS.get(kind, _OTHER)
        bar.append(glyph * cells, colour)
        done += cells
    return bar.append("·" * (width - done), "dim")


def _render_note(view: View, state: State, selected: int, width: int) -> Text:
    """Return what there is to say of the selected agent: why it is frozen."""
    if state.pane != AGENTS or not view.agents or not view.agents[selected].is_frozen:
        return Text("")
    return Text(
        fit(f"  {view.agents[selected].agent} is frozen: {view.agents[selected].frozen_reason}", width),
        "cyan",
    )


def _render_session_header(view: View, state: State, width: int) -> Text:
    cells = " ".join(fit(name, size) for name, size in _session_widths(width))
    return _header(
        f"  {cells} query ({describe_count(len(view.sessions), 'session')})", state.pane == SESSIONS, width
    )


def _render_session(session: RunningSession, width: int) -> Text:
    values = (
        str(session.pid),
        session.agent,
        session.task_id or "-",
        session.step or "-",
        f"{session.running_seconds:.1f}",
        session.wait,
    )
    text, widths = Text(), _session_widths(width)
    for value, (name, size) in zip(values, widths, strict=True):
        colour = LOOKS.get(session.wait_class, _OTHER)[1] if name == "wait" else ""
        text.append(fit(value, size) + " ", colour)
    used = 2 + sum(size + 1 for _, size in widths)
    query = " ".join(session.query.split())
    text.append(fit(query, max(0, width - used)), "" if session.is_running else "dim")
    text.truncate(max(0, width - 2))
    return text


def _session_widths(width: int) -> tuple[tuple[str, int], ...]:
    return _WIDE_WIDTHS if width >= _WIDE else _NARROW_WIDTHS


def _render_bottom(state: State, width: int) -> Text:
    if state.prompt is not None:
        return Text(fit(ask(state.prompt), width), "bold reverse")
    if state.shows_help:
        return Text(fit("any key: back", width), "dim")
    said = state.message or (f"trying again: {state.lost}" if state.lost else "")
    return Text(fit(said or _HINTS, width), "bold" if said else "dim")


def _header(text: str, is_active: bool, width: int) -> Text:
    return Text(fit(text, width), "bold underline" if is_active else "underline")


def _name(agent: str) -> str:
    return agent or "everybody else"


def _rank(kind: str) -> tuple[int, str]:
    known = list(LOOKS)
    return (known.index(kind) if kind in known else len(known), kind)
