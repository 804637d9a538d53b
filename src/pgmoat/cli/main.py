"""
The front door: ``pgmoat VERB``.

In: arguments, environment. Out: text on standard output, an exit code: 0 in order, 1 error, 2 changes or
findings. I/O: the terminal; what the verbs do.
"""

from __future__ import annotations

import gc
import sys
import traceback
from collections.abc import Iterable
from importlib.metadata import version
from typing import Annotated

import psycopg
import typer
from typer.exceptions import TyperException

from pgmoat.cli.output import print_error
from pgmoat.cli.verbs import VERBS, Verb, add_verbs, choose_verbs
from pgmoat.errors import Error
from pgmoat.postgres.failures import explain_failure

EXIT_ERROR = 1


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"pgmoat {version('pgmoat')}")
        raise typer.Exit


def _root(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """
    A defensive data layer between AI agents and PostgreSQL, enforced in the database.

    Let init draft moat.yaml from your database, see the SQL with plan, put it into force with apply.
    """


def build_app(verbs: Iterable[Verb] = VERBS) -> typer.Typer:
    """Return the application with *verbs*."""
    app = typer.Typer(
        name="pgmoat",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
    )
    app.callback()(_root)
    add_verbs(app, verbs)
    return app


def main() -> None:
    """Run the command line and exit."""
    # A large policy is a million objects that all stay: looking for garbage there took a fifth of a plan.
    gc.set_threshold(100_000, 50, 100)
    sys.exit(run(sys.argv[1:]))


def _print_misuse(error: TyperException) -> None:
    """Say what is wrong with the arguments; without a verb the help alone has been shown."""
    message = " ".join(error.format_message().split()).replace("Value error, ", "")
    hint = "pgmoat --help, or pgmoat VERB --help, shows the options."
    for option in ("--harden", "--soften"):
        if f"'{option}' requires an argument" in message:
            hint = f"{option} usual is what most want; others name areas: pgmoat plan --help."
    if message:
        print_error(Error(message, hint=hint))


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code; every failure becomes one clear message."""
    try:
        result = build_app(choose_verbs(arguments))(arguments, standalone_mode=False)
    except Error as error:
        print_error(error)
    except psycopg.Error as error:
        print_error(explain_failure(error))
    except TyperException as error:
        _print_misuse(error)
    except (typer.Abort, KeyboardInterrupt):
        sys.stderr.write("stopped; nothing more was changed\n")
    except Exception as error:
        traceback.print_exc()
        print_error(Error(f"this is a fault of pgmoat's own: {error}", hint="Please report the lines above."))
    else:
        return result if isinstance(result, int) else 0
    return EXIT_ERROR
