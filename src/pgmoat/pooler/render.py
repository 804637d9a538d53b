"""
The files of PgBouncer as text.

In: Setup, verifiers. Out: pgbouncer.ini, userlist.txt. I/O: none.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from pgmoat.pooler.advise import LIMIT_FORMULA, SIZE_FORMULA
from pgmoat.pooler.console import render_version
from pgmoat.pooler.settings import Setting, list_settings, list_user_settings
from pgmoat.pooler.setup import (
    MARK,
    PEERS_SINCE,
    QUOTED_NAMES_SINCE,
    USER_POOL_SINCE,
    USER_RESERVE_SINCE,
    Setup,
)

_WIDTH = 100


def render_ini(setup: Setup, number: int = 1) -> str:
    """Return the ini file of process *number*, with the reason of each line."""
    return "\n".join(
        [
            f"; {MARK}",
            *_comment(
                f"For PgBouncer {render_version(setup.version)}"
                + (f", process {number} of {setup.processes}" if setup.processes > 1 else "")
                + ". Not to be edited: pgmoat pgbouncer --output writes it again, --check compares a running"
                " PgBouncer with it."
            ),
            "",
            *_render_databases(setup),
            "",
            *_render_users(setup),
            "",
            *_render_peers(setup),
            "[pgbouncer]",
            *_render_settings(list_settings(setup, number)),
            "",
        ]
    )


def render_userlist(verifiers: Mapping[str, str]) -> str:
    """Return the auth_file: a role and its SCRAM verifier per line."""
    lines = [f"{_quote(role)} {_quote(verifier)}" for role, verifier in sorted(verifiers.items())]
    return "\n".join([f"; {MARK}", *lines, ""])


def parse_userlist(text: str) -> dict[str, str]:
    """Return role and verifier of each line that :func:`render_userlist` writes; others are left out."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        parts = line.replace('""', "\0").split('"')
        if not line.startswith(";") and len(parts) >= 5:
            found[parts[1].replace("\0", '"')] = parts[3].replace("\0", '"')
    return found


def _render_databases(setup: Setup) -> Iterator[str]:
    database = setup.database
    yield "[databases]"
    yield from _comment(
        "The same name as on the server, so that of a client's DSN only host and port change. No user=:"
        " each agent keeps its own role, and with it a pool of its own. No *: other databases cannot be"
        " reached."
    )
    name = database.name
    is_plain = name.replace("_", "").replace(".", "").replace("-", "").isalnum() and name.isascii()
    key = name if is_plain or not setup.has(QUOTED_NAMES_SINCE) else f"'{name}'"
    yield f"{key} = host={_value(database.host)} port={database.port} dbname={_value(name)}"


def _render_users(setup: Setup) -> Iterator[str]:
    yield "[users]"
    yield from _comment(f"{SIZE_FORMULA}. {LIMIT_FORMULA}.")
    if not setup.has(USER_POOL_SINCE):
        yield from _comment(
            f"PgBouncer {render_version(setup.version)} knows no pool_size here: max_user_connections,"
            " size and reserve together, is each agent's wall. It knows no limit of an agent's clients"
            " either: one agent can take all of max_client_conn."
        )
    elif not setup.has(USER_RESERVE_SINCE):
        yield from _comment(
            f"PgBouncer {render_version(setup.version)} knows no limit of an agent's clients: one agent"
            " can take all of max_client_conn."
        )
    users = {user.role: user for user in list_user_settings(setup)}
    for pool in setup.pools:
        yield from _comment(f"size {pool.size_formula}, overflow {pool.wanted_reserve}.")
        if pool.is_cut:
            yield from _comment(
                f"CUT: the role's CONNECTION LIMIT is {pool.connections}, and {pool.limit_formula} are"
                " needed."
            )
        yield f"{pool.role} = " + " ".join(f"{key}={value}" for key, value in users[pool.role].values)


def _render_peers(setup: Setup) -> Iterator[str]:
    if setup.processes == 1:
        return
    if not setup.has(PEERS_SINCE):
        yield from _comment(
            f"PgBouncer {render_version(setup.version)} knows no peers: a client's cancel that reaches"
            f" another of the {setup.processes} processes is lost."
        )
        yield ""
        return
    yield "[peers]"
    for number in range(1, setup.processes + 1):
        yield f"{number} = host={_value(str(setup.socket_folder(number)))} port={setup.listening.port}"
    yield ""


def _render_settings(settings: Iterable[Setting]) -> Iterator[str]:
    for part, members in groupby(settings, lambda setting: setting.part):
        yield ""
        yield f"; -- {part}"
        for setting in members:
            yield from _comment(setting.why)
            if setting.is_written:
                yield f"{setting.name} = {setting.value}".rstrip()
            else:
                yield f"; no {setting.name}"


def _comment(text: str) -> list[str]:
    return [f"; {line}" for line in textwrap.wrap(text, _WIDTH, break_long_words=False)]


def _value(text: str) -> str:
    """Return a value of a connection string, quoted where it must be."""
    is_plain = text.isascii() and text.replace(".", "").replace("-", "").replace("_", "").isalnum()
    return text if is_plain else "'" + text.replace("'", "''") + "'"


def _quote(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
