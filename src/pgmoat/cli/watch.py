"""
``pgmoat watch``: end what is over its limits, for as long as it runs.

In: how to watch. Out: a line for each incident. I/O: PostgreSQL, the terminal.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from types import FrameType
from typing import Annotated

import typer

from pgmoat.cli.options import DsnOption
from pgmoat.cli.output import show_controls
from pgmoat.cli.rights import reading_as_monitor
from pgmoat.errors import Error
from pgmoat.policy.units import parse_milliseconds
from pgmoat.postgres.connect import connect, resolve_dsn
from pgmoat.watchdog.hook import Hook, parse_hook
from pgmoat.watchdog.incident import Incident
from pgmoat.watchdog.loop import Output, Settings, run_watch

_EXIT_ACTED = 2
_SHOWN = ("signal", "setting", "pid", "state", "why")


def watch(
    interval: Annotated[str, typer.Option(help="How often to look: 200ms to 30s.")] = "1s",
    grace: Annotated[
        str,
        typer.Option(help="How long after a limit to cancel, and how long after that to end the session."),
    ] = "500ms",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be done; write nothing, do not lead.")
    ] = False,
    once: Annotated[
        bool, typer.Option("--once", help="One round; exit with 2 when something was, or would be, done.")
    ] = False,
    webhook: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="POST each incident there. Else PGMOAT_WEBHOOK; PGMOAT_WEBHOOK_SECRET signs."
        ),
    ] = None,
    webhook_without_tls: Annotated[
        bool, typer.Option("--webhook-without-tls", help="Send to http:// beyond this machine, too.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object per line.")] = False,
    dsn: DsnOption = None,
) -> int:
    """
    Watch agents' sessions, and end what is over its limits whatever it set for itself.

    Several may run: one leads, the others stand by. Connect straight to the server, not through a pooler.
    """
    interval_ms = _parse("--interval", interval, 200, 30_000)
    settings = Settings(
        interval_s=interval_ms / 1000,
        grace=timedelta(milliseconds=_parse("--grace", grace, 1, 60_000)),
        is_dry_run=dry_run,
        is_once=once,
    )
    hook = _find_hook(webhook, settings, without_tls=webhook_without_tls)
    database = resolve_dsn(dsn, os.environ)
    stop = threading.Event()
    _stop_on_signals(stop)
    output = Output(incident=_print_json if as_json else _print_line, say=_print_note)
    with reading_as_monitor():
        done = run_watch(
            lambda: connect(database, application_name="pgmoat watch"), settings, output, stop, hook
        )
    return _EXIT_ACTED if done else 0


def _find_hook(url: str | None, settings: Settings, *, without_tls: bool) -> Hook | None:
    if settings.is_once or settings.is_dry_run:
        if url is not None:
            raise Error("--webhook is for a watchdog that goes on, not for --once or --dry-run")
        return None
    url = url or os.environ.get("PGMOAT_WEBHOOK")
    secret = os.environ.get("PGMOAT_WEBHOOK_SECRET", "")
    return parse_hook(url, secret, without_tls=without_tls) if url else None


def _stop_on_signals(stop: threading.Event) -> None:
    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)


def _parse(option: str, text: str, least: int, most: int) -> int:
    try:
        value = parse_milliseconds(text)
    except ValueError as error:
        raise Error(f"{option}: {error}") from error
    if not least <= value <= most:
        raise Error(f"{option}: {text} is not between {least}ms and {most}ms")
    return value


def _print_json(incident: Incident) -> None:
    _write(json.dumps(asdict(incident), default=str, ensure_ascii=True))


def _print_line(incident: Incident) -> None:
    detail = incident.detail
    subject = "/".join(filter(None, (incident.agent, incident.task_id, incident.step)))
    action = f"would be {detail['wanted']}" if incident.action == "dry-run" else incident.action
    parts = [f"{incident.at:%F %T}", action, incident.kind, subject]
    if detail.get("limit") is not None:
        parts.append(f"limit={detail['limit']}")
    parts.append(f"found={detail.get('found')}")
    parts += [f"{key}={detail[key]}" for key in _SHOWN if detail.get(key)]
    if detail.get("query"):
        parts.append(f"query={json.dumps(detail['query'][:120], ensure_ascii=False)}")
    _write(show_controls(" ".join(parts)))


def _print_note(text: str) -> None:
    sys.stderr.write(show_controls(f"{datetime.now(UTC):%F %T} {text}") + "\n")
    sys.stderr.flush()


def _write(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
