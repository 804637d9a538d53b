"""
A blast radius on the terminal.

In: Blast. Out: text. I/O: standard output.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.console import Console

from pgmoat.cli.output import escape
from pgmoat.report.blast.describe import describe_password, summarize
from pgmoat.report.blast.model import Blast, Claim, Severity, Standing, Way

_FOLD_ABOVE = 6
_WAYS_SHOWN = 3
_NAMES_SHOWN = 6
_ELSEWHERE = "connect-database"
_STYLES = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "dim",
}
_WIDTH = max(len(severity) for severity in Severity)
_INDENT = " " * (_WIDTH + 4)


def print_blast(blast: Blast, *, show_all: bool) -> None:
    """Print one sentence, then what is beyond the policy, what the policy grants, what is everybody's."""
    console = Console(highlight=False, soft_wrap=True)
    for line in render_blast(blast, show_all=show_all):
        console.print(line)


def render_blast(blast: Blast, *, show_all: bool) -> Iterator[str]:
    """Yield the report, lines of markup."""
    version = f"{blast.server_version // 10_000}.{blast.server_version % 10_000}"
    yield f"[bold]{escape(summarize(blast))}[/]"
    yield f"[dim]database {escape(blast.database)}, PostgreSQL {version}; rows are PostgreSQL's estimates[/]"
    yield ""
    yield "[bold]a stolen password[/]"
    yield from (f"  {escape(line)}" for line in describe_password(blast))
    yield from _render_beyond(blast, show_all=show_all)
    yield from _render_policy(blast, show_all=show_all)
    yield from _render_base(blast, show_all=show_all)
    for note in blast.notes:
        yield f"[magenta]not known:[/] {escape(note)}"


def _of(blast: Blast, standing: Standing) -> list[Claim]:
    return [claim for claim in blast.claims if claim.standing is standing]


def _render_beyond(blast: Blast, *, show_all: bool) -> Iterator[str]:
    claims = _of(blast, Standing.BEYOND)
    title = "beyond the policy" if blast.agent is not None else "reached"
    yield ""
    if not claims:
        yield f"[bold]{title}[/]: [green]nothing[/]"
        return
    counts = Counter(claim.severity for claim in claims)
    listed = ", ".join(f"{counts[severity]} {severity}" for severity in Severity if counts[severity])
    yield f"[bold]{title}[/]: {listed}"
    followed = [] if show_all else [claim for claim in claims if claim.is_implied]
    told = [claim for claim in claims if show_all or not claim.is_implied]
    for _, group in groupby(
        told, lambda claim: (claim.severity, claim.code, claim.action, claim.subject.database)
    ):
        alike = list(group)
        shown = alike if show_all or len(alike) <= _FOLD_ABOVE else alike[:_FOLD_ABOVE]
        for claim in shown:
            yield from _render_claim(claim, show_all=show_all)
        if len(alike) > len(shown):
            more = f"{len(alike) - len(shown):,} more {alike[0].code} {alike[0].action}"
            yield f"{_INDENT}[dim]and {more}: --all[/]"
    if followed:
        yield f"  [dim]{len(followed):,} more follow from what is said above (every table, …): --all[/]"


def _render_claim(claim: Claim, *, show_all: bool) -> Iterator[str]:
    style = _STYLES[claim.severity]
    place = f" [dim](in {escape(claim.subject.database)})[/]" if claim.subject.database else ""
    yield f"  [{style}]{claim.severity:<{_WIDTH}}[/]  {escape(claim.message)}{place} [dim]{claim.code}[/]"
    if claim.sensitive:
        yield f"{_INDENT}[yellow]sensitive:[/] {escape(', '.join(claim.sensitive))}"
    ways = [way for way in claim.ways if way.standing is claim.standing and (show_all or not way.is_implied)]
    shown = ways if show_all else ways[:_WAYS_SHOWN]
    for way in shown:
        yield from _render_way(way)
    if len(ways) > len(shown):
        yield f"{_INDENT}[dim]and {len(ways) - len(shown)} more ways: --all[/]"
    if claim.no_closure:
        yield f"{_INDENT}[dim]no closure:[/] {escape(claim.no_closure)}"
    if claim.watched_by:
        yield f"{_INDENT}[dim]watched by:[/] {escape(claim.watched_by)}"


def _render_way(way: Way) -> Iterator[str]:
    possible = " [dim](perhaps)[/]" if way.confidence == "possible" else ""
    yield f"{_INDENT}[dim]way:[/] {escape(way.text)}{possible}"
    if way.closures and way.standing is not Standing.POLICY:
        first = way.closures[0]
        hurts = f" [dim]hurts {escape(_list_some(first.hurts))}[/]" if first.hurts else ""
        yield f"{_INDENT}[dim]close:[/] {escape('; '.join(first.sql))};{hurts}"


def _list_some(names: Sequence[str]) -> str:
    """Return the first few of *names*, and how many more there are."""
    rest = len(names) - _NAMES_SHOWN
    return ", ".join(names[:_NAMES_SHOWN]) + (f" and {rest:,} more" if rest > 0 else "")


def _render_policy(blast: Blast, *, show_all: bool) -> Iterator[str]:
    claims = _of(blast, Standing.POLICY)
    if not claims:
        return
    yield ""
    yield "[bold]what the policy grants[/]"
    yield from _render_entities(claims)
    others = [claim for claim in claims if not _is_entity(claim)]
    if show_all:
        for claim in others:
            yield from _render_claim(claim, show_all=True)
        return
    operations = [claim.subject.name for claim in others if claim.code == "operation"]
    if operations:
        yield f"  operations: {escape(', '.join(operations))}"
    behind = {claim.subject.name for claim in others if claim.code.endswith("-table")}
    if behind:
        yield f"  [dim]behind them, through views and triggers only: {escape(', '.join(sorted(behind)))}[/]"
    own = sum(claim.code == "call-pgmoat" for claim in others)
    yield f"  [dim]{own} functions of pgmoat's own, and what it needs to log in: --all[/]"


def _is_entity(claim: Claim) -> bool:
    return claim.code in ("read-view", "write-view") and any(
        way.confidence == "certain" for way in claim.ways
    )


def _render_entities(claims: Sequence[Claim]) -> Iterator[str]:
    """Yield a line per entity: rows, what may be read, what may be written."""
    entities = [claim for claim in claims if _is_entity(claim)]
    names = sorted({claim.subject.name for claim in entities})
    width = max(map(len, names), default=0)
    for name in names:
        here = [claim for claim in entities if claim.subject.name == name]
        known = [claim.rows for claim in here if claim.rows is not None]
        rows = f"{max(known):,}" if known else "?"
        yield f"  {escape(name):<{width}}  {rows:>11} rows  {escape('; '.join(_words(here)))}"
        scoped = [claim.limit for claim in here if claim.action == "SELECT" and claim.limit]
        if scoped:
            yield f"  {'':<{width}}  {'':>16}  [dim]{escape(scoped[0])}[/]"
        sensitive = sorted({column for claim in here for column in claim.sensitive})
        if sensitive:
            yield f"  {'':<{width}}  {'':>16}  [yellow]sensitive:[/] {escape(', '.join(sensitive))}"


def _words(claims: Sequence[Claim]) -> Iterator[str]:
    for claim in claims:
        verb = {"SELECT": "reads", "INSERT": "inserts", "UPDATE": "changes", "DELETE": "deletes"}
        columns = f" {len(claim.columns)} columns" if claim.action == "SELECT" else ""
        if claim.action in ("INSERT", "UPDATE"):
            columns = f" {', '.join(claim.columns)}"
        yield verb.get(claim.action, claim.action.lower()) + columns


def _render_base(blast: Blast, *, show_all: bool) -> Iterator[str]:
    claims = _of(blast, Standing.BASE)
    if not claims:
        return
    yield ""
    if show_all:
        yield f"[bold]what every role may do[/]: {len(claims)} things"
        for claim in claims:
            yield from _render_claim(claim, show_all=True)
        return
    closable = [claim for claim in claims if claim.closures and claim.severity is not Severity.LOW]
    yield f"[bold]what every role may do[/]: {len(claims)} things, listed by --all"
    others = [claim.subject.name for claim in closable if claim.code == _ELSEWHERE]
    here = [claim for claim in closable if claim.code != _ELSEWHERE]
    for claim in here:
        yield f"  {escape(claim.message)} [dim]{claim.code}[/]"
    if here and blast.is_installed:
        yield "  [dim]what closes most of it: pgmoat plan --harden usual[/]"
    if others:
        number = "another database" if len(others) == 1 else f"{len(others):,} other databases"
        yield f"  may log in to {number}, {escape(_list_some(others))} [dim]{_ELSEWHERE}[/]"
        closing = f"; what closes one: --harden connect:{others[0]}" if blast.is_installed else ""
        yield f"  [dim]what it reaches there: --databases{escape(closing)}[/]"
