"""
The demo's report for people.

In: ScenarioResults, a DemoReport. Out: rich renderables. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote

from rich.console import Group
from rich.table import Table
from rich.text import Text

from pgmoat.demo.report import DemoReport, Playground
from pgmoat.demo.scenario import ScenarioResult

_MCP_AGENT = "courier"  # names its tasks itself, so that a client needs no token


def render_result(result: ScenarioResult) -> Table:
    """Return one line: held or not, what was tried, what PostgreSQL answered; the SQL below it."""
    line = Table.grid(padding=(0, 1), expand=True)
    line.add_column(width=10, no_wrap=True)
    line.add_column(ratio=1, overflow="fold")
    line.add_column(ratio=1, overflow="fold")
    mark = Text("✓ held", style="green") if result.held else Text("✗ NOT HELD", style="bold red")
    tried = Text(f"{result.scenario.name}: {result.scenario.words}")
    statements = Text("\n".join(result.scenario.shown_statements), style="dim")
    line.add_row(mark, Group(tried, statements), Text(result.answer))
    return line


def render_report(report: DemoReport, program: str = "pgmoat") -> Group:
    """
    Return what stands below the results: the summary, the playground, what to try next.

    *program* is what a shell runs pgmoat by. Print it with ``soft_wrap=True``: a command that is broken into
    lines cannot be copied.
    """
    return Group(*_list_lines(report, program))


def _list_lines(report: DemoReport, program: str) -> Iterator[Text]:
    held = len(report.results) - len(report.not_held)
    style = "bold green" if report.all_held else "bold red"
    yield Text()
    yield Text(f"{held} of {len(report.results)} held", style=style)
    for result in report.not_held:
        yield Text(f"  not held: {result.scenario.name}", style="red")
    yield Text("Whether it held was read from the database by another role, not from the error.", style="dim")
    phases = ", ".join(f"{phase} {seconds:.1f} s" for phase, seconds in report.seconds.items())
    yield Text(f"{report.total_seconds:.1f} s in all: {phases}", style="dim")
    if report.playground is not None:
        yield from _list_playground(report.playground)
    yield Text("\nTo try next", style="bold")
    for command, purpose in _list_next_steps(report, program):
        yield Text.assemble("  ", (command, "cyan"), f"  # {purpose}")


def _list_next_steps(report: DemoReport, program: str) -> Iterator[tuple[str, str]]:
    example = quote(str(report.policy_file))
    if report.playground is None:
        yield f"{program} demo --keep", "leaves the server running, to play the agents yourself"
    else:
        dsn = quote(report.playground.dsn)
        yield (
            f"{program} watch --dsn {dsn} &",
            "ends what is over its limits, and records who uses the database",
        )
        yield (
            f"{program} serve --dsn {dsn}",
            "the dashboard, in a browser; pgmoat top is the same in a terminal",
        )
        yield f"{program} history --dsn {dsn}", "what the agents wrote, and why"
        options = f"--agent {_MCP_AGENT} --credentials {quote(str(report.playground.credentials))}"
        yield (
            f"{program} mcp {example} {options} --print-config claude-code",
            f"what a client of MCP needs to be the {_MCP_AGENT}; also claude, cursor, vscode, …",
        )
        yield (
            f"{program} plan {example} --dsn {dsn}",
            "nothing to do; grant something by hand, and look again",
        )
    yield (
        f"cp {example} moat.yaml",
        "the demo's policy, to make it yours; pgmoat schema says what may stand in it",
    )
    yield (
        f"{program} init --dsn …",
        "drafts a policy from a database of yours, to read and change; changes no database",
    )
    yield f"{program} plan --dsn …", "what pgmoat would do to a database of yours; changes nothing"


def _list_playground(playground: Playground) -> Iterator[Text]:
    yield Text("\nThe server is still running. As people (superuser):", style="bold")
    yield _command(playground.psql)
    for login in playground.agents:
        yield Text(f"As agent {login.agent}, in a task of its own:", style="bold")
        yield _command(login.psql)
    yield Text(
        "In there \\d lists the entities, \\d+ explains one, SELECT * FROM pgmoat.my_task() shows the budget."
        " The tasks end after 15 minutes; pgmoat task open starts others."
        " The concierge's task is for one customer; the courier has used up what it may write in this hour."
    )
    yield Text(
        f"Its data: {playground.data_dir}. However the server ends, the directory is deleted."
        " To stop it and take it all away:",
        style="bold",
    )
    yield _command(playground.stop_command)


def _command(text: str) -> Text:
    return Text(f"  {text}", style="cyan")
