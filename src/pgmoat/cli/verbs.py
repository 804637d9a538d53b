"""
The verbs, and the module of each: only the one that is asked for is loaded.

In: names of verbs. Out: the typer application. I/O: imports.

Loading all of them takes 0.7 s of a first minute, most of it for what the verb that runs does not use.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from dataclasses import dataclass
from types import ModuleType

import typer


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb: the module of :mod:`pgmoat.cli` that has it, and the function there; a group has several."""

    name: str
    module: str
    function: str
    is_group: bool = False


VERBS = (
    Verb("demo", "demo", "demo"),
    Verb("lint", "lint", "lint"),
    Verb("init", "init", "init"),
    Verb("plan", "plan", "plan"),
    Verb("apply", "apply", "apply"),
    Verb("destroy", "destroy", "destroy"),
    Verb("blast", "blast", "blast"),
    Verb("doctor", "doctor", "doctor"),
    Verb("pgbouncer", "pgbouncer", "pgbouncer"),
    Verb("task", "task", "build_app", is_group=True),
    Verb("freeze", "freeze", "freeze"),
    Verb("thaw", "freeze", "thaw"),
    Verb("approvals", "approvals", "approvals"),
    Verb("approve", "approvals", "approve"),
    Verb("reject", "approvals", "reject"),
    Verb("history", "history", "history"),
    Verb("watch", "watch", "watch"),
    Verb("usage", "usage", "usage"),
    Verb("top", "top.command", "top"),
    Verb("incidents", "incidents", "incidents"),
    Verb("serve", "serve", "serve"),
    Verb("mcp", "mcp", "mcp"),
    Verb("metrics", "metrics", "metrics"),
    Verb("prune", "prune", "prune"),
    Verb("schema", "schema", "schema"),
)


def choose_verbs(arguments: Iterable[str]) -> tuple[Verb, ...]:
    """Return the verb that *arguments* begin with; all of them for help, and for a word that is none."""
    first = next(iter(arguments), "")
    if first == "--version":
        return VERBS[-1:]  # none is asked for, and the application must have one
    return tuple(verb for verb in VERBS if verb.name == first) or VERBS


def add_verbs(app: typer.Typer, verbs: Iterable[Verb]) -> None:
    """Load *verbs* and give them to *app*."""
    for verb in verbs:
        function = getattr(_load(verb.module), verb.function)
        if verb.is_group:
            app.add_typer(function(), name=verb.name)
        else:
            app.command(verb.name)(function)


def _load(module: str) -> ModuleType:
    return importlib.import_module(f"pgmoat.cli.{module}")
