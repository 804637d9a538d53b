"""
What ``pgmoat pgbouncer`` shows.

In: Setup, Verifiers, Advice, Differences. Out: text, JSON. I/O: standard output and standard error.
"""

from __future__ import annotations

import getpass
import shlex
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console

from pgmoat.cli.output import escape, print_json
from pgmoat.cli.table import print_table
from pgmoat.pooler.advise import (
    CLIENT_FORMULA,
    LIMIT_FORMULA,
    SIZE_FORMULA,
    SUM_FORMULA,
    Advice,
    AgentPool,
)
from pgmoat.pooler.auth import ServerFacts, Verifiers
from pgmoat.pooler.check import Difference, Standing
from pgmoat.pooler.console import render_version
from pgmoat.pooler.files import ADMIN_VARIABLE, STATS_VARIABLE
from pgmoat.pooler.setup import FORGETFUL, PEERS_SINCE, Setup

_STYLES = {Standing.DIFFERS: "yellow", Standing.NOTE: "dim", Standing.UNKNOWN: "magenta"}


def print_ini(setup: Setup, ini: str, *, as_json: bool) -> None:
    """Print the ini file, and on standard error what does not fit."""
    if as_json:
        print_json({**_describe(setup), "warnings": list(_list_warnings(setup)), "ini": ini})
        return
    sys.stdout.write(ini)
    _print_warnings(_list_warnings(setup))


def print_written(setup: Setup, verifiers: Verifiers, server: ServerFacts, *, as_json: bool) -> None:
    """Print which files there are now, how agents connect, and what is left to do."""
    warnings = list(_list_warnings(setup, verifiers, server))
    paths = [*setup.ini_files, setup.auth_file, setup.credentials_file]
    if as_json:
        names = [str(path) for path in paths]
        print_json({**_describe(setup, verifiers), "files": names, "warnings": warnings})
        return
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"[bold]written[/] for PgBouncer {render_version(setup.version)}, mode 0600:")
    for path in paths:
        console.print(f"  {escape(str(path))}")
    _print_agents(console, setup, verifiers)
    console.print("[bold]next[/]")
    for path in setup.ini_files:
        start = f"pgbouncer {shlex.quote(str(path))}"
        owner = path.owner()
        if owner != getpass.getuser():
            start = f"runuser -u {owner} -- {start}"
        console.print(f"  start it as the files' owner: {escape(start)}")
    console.print(f"  in pg_hba.conf let the agents' roles in from there alone: {escape(_hba(setup))}")
    console.print(f"  . {escape(str(setup.credentials_file))}")
    console.print(f'  if it runs already: psql "${ADMIN_VARIABLE}" -c RELOAD')
    console.print(f'  pgmoat pgbouncer --check "${STATS_VARIABLE}" --output {escape(str(setup.folder))}')
    _print_warnings(warnings)


def print_running(setup: Setup, verifiers: Verifiers, server: ServerFacts, *, as_json: bool) -> None:
    """Print how agents connect while it runs."""
    warnings = list(_list_warnings(setup, verifiers, server))
    if as_json:
        details = {"credentials": str(setup.credentials_file), "folder": str(setup.folder)}
        print_json({**_describe(setup, verifiers), **details, "warnings": warnings})
        sys.stdout.flush()
        return
    console = Console(highlight=False, soft_wrap=True)
    listening = setup.listening
    console.print(
        f"[green]PgBouncer {render_version(setup.version)} runs[/] on"
        f" {escape(', '.join(listening.addresses))} port {listening.port}, before"
        f" {escape(setup.database.name)} on {escape(setup.database.host)} port {setup.database.port}"
    )
    _print_agents(console, setup, verifiers)
    console.print(f"console: . {escape(str(setup.credentials_file))}; log: {escape(str(setup.folder))}")
    _print_warnings(warnings)
    console.print("[dim]Ctrl-C or SIGTERM ends it[/]")
    sys.stdout.flush()


def print_stopped(*, as_json: bool) -> None:
    """Say that it has ended as asked."""
    if not as_json:
        sys.stdout.write("stopped\n")


def print_advice(setup: Setup, *, as_json: bool) -> None:
    """Print how many connections each agent needs, and how that comes about."""
    advice = setup.advice
    if as_json:
        print_json(_describe_advice(advice))
        return
    print_table(
        ("agent", "size", "overflow", "needed", "connections"),
        (
            (
                pool.agent,
                pool.size_formula,
                pool.wanted_reserve,
                pool.limit_formula,
                f"{pool.connections}, too few" if pool.is_cut else pool.connections,
            )
            for pool in advice.pools
        ),
    )
    console = Console(highlight=False, soft_wrap=True)
    for formula in (SIZE_FORMULA, LIMIT_FORMULA, SUM_FORMULA, CLIENT_FORMULA):
        console.print(f"[dim]{escape(formula)}[/]")
    console.print(
        f"all agents: {advice.sum_of_limits} connections at most; the server has {advice.slots.formula}"
    )
    console.print(f"clients of one process: {advice.max_clients}")
    _print_warnings(advice.warnings)


def print_differences(setup: Setup, found: Sequence[Difference], *, as_json: bool) -> None:
    """Print what a running pooler has otherwise than it should."""
    count = count_differences(found)
    version = render_version(setup.version)
    if as_json:
        print_json(
            {
                "is_in_order": count == 0,
                "version": version,
                "differences": [asdict(difference) for difference in found],
            }
        )
        return
    console = Console(highlight=False, soft_wrap=True)
    for line in found:
        style = _STYLES[line.standing]
        console.print(
            f"[{style}]{line.standing:<7}[/]  {escape(line.name)}: {escape(line.actual)},"
            f" wanted {escape(line.wanted)}"
        )
        if line.why:
            console.print(f"         {escape(line.why)}")
        console.print(f"         [dim]remedy:[/] {escape(line.remedy)}")
    unknown = sum(line.standing is Standing.UNKNOWN for line in found)
    shown = f"; {unknown} its console does not show" if unknown else ""
    if count:
        console.print(f"[bold]PgBouncer {version}: {count} to change{shown}[/]")
    else:
        console.print(f"[green]in order[/]: PgBouncer {version} is as the policy needs it{shown}")


def count_differences(found: Sequence[Difference]) -> int:
    """Return how many are sure."""
    return sum(difference.standing is Standing.DIFFERS for difference in found)


def _print_agents(console: Console, setup: Setup, verifiers: Verifiers) -> None:
    console.print("[bold]agents[/], each with its own password as before:")
    width = max(len(pool.agent) for pool in setup.pools)
    for pool in setup.pools:
        if pool.role in verifiers.known:
            console.print(f"  {pool.agent:<{width}}  {escape(setup.agent_dsn(pool.role))}")


def _print_warnings(warnings: Sequence[str] | Iterator[str]) -> None:
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    for warning in warnings:
        console.print(f"[yellow]warning[/] {escape(warning)}")


def _list_warnings(
    setup: Setup, verifiers: Verifiers | None = None, server: ServerFacts | None = None
) -> Iterator[str]:
    yield from setup.advice.warnings
    if setup.processes > 1 and not setup.has(PEERS_SINCE):
        yield (
            f"PgBouncer {render_version(setup.version)} knows no peers: a cancel that reaches another of the"
            f" {setup.processes} processes is lost. 1.19 or later does"
        )
    if setup.is_forgetful:
        yield f"PgBouncer {render_version(setup.version)}: {FORGETFUL}"
    for role, why in verifiers.missing.items() if verifiers else ():
        yield f"{role} cannot log in through the pooler: {why}. pgmoat apply gives it one"
    if server is not None and not server.notices_gone_clients:
        yield (
            "client_connection_check_interval is 0 on the server: a statement runs on after its client"
            " has gone. ALTER SYSTEM SET client_connection_check_interval = '5s'; SELECT"
            " pg_reload_conf();"
        )


def _hba(setup: Setup) -> str:
    """Return the line of pg_hba.conf that lets the agents in by way of PgBouncer."""
    name = setup.database.name
    database = name if name.isalnum() else f'"{name}"'
    kind, address = ("local", "") if setup.database.host.startswith("/") else ("host", " ADDRESS/32")
    return f"{kind} {database} {','.join(setup.roles)}{address} scram-sha-256"


def _describe(setup: Setup, verifiers: Verifiers | None = None) -> dict[str, Any]:
    return {
        "version": render_version(setup.version),
        "listen": list(setup.listening.addresses),
        "port": setup.listening.port,
        "processes": setup.processes,
        "agents": [
            {
                **_describe_pool(pool),
                "dsn": setup.agent_dsn(pool.role),
                **({} if verifiers is None else {"can_log_in": pool.role in verifiers.known}),
            }
            for pool in setup.pools
        ],
    }


def _describe_pool(pool: AgentPool) -> dict[str, Any]:
    return {
        "agent": pool.agent,
        "role": pool.role,
        "workers": pool.workers,
        "steps": pool.steps,
        "size": pool.size,
        "reserve": pool.reserve,
        "size_formula": pool.size_formula,
        "needed_connections": pool.needed,
        "needed_formula": pool.limit_formula,
        "connections": pool.connections,
        "is_cut": pool.is_cut,
        "clients": pool.clients,
    }


def _describe_advice(advice: Advice) -> dict[str, Any]:
    return {
        "agents": [_describe_pool(pool) for pool in advice.pools],
        "sum_of_connections": advice.sum_of_limits,
        "for_agents": advice.slots.for_agents,
        "for_agents_formula": advice.slots.formula,
        "max_client_conn": advice.max_clients,
        "formulas": [SIZE_FORMULA, LIMIT_FORMULA, SUM_FORMULA, CLIENT_FORMULA],
        "warnings": advice.warnings,
    }
