"""
Write all files of a pooler.

In: a connection, Setup. Out: the agents that can log in through it. I/O: reads PostgreSQL, writes the folder.
"""

from __future__ import annotations

from typing import Any

from psycopg import Connection

from pgmoat.devpg.account import Account
from pgmoat.pooler import auth, files
from pgmoat.pooler.render import render_ini, render_userlist
from pgmoat.pooler.setup import Setup


def write_pooler(
    connection: Connection[Any],
    server: auth.ServerFacts,
    setup: Setup,
    account: Account | None,
    *,
    force: bool = False,
) -> auth.Verifiers:
    """
    Write the ini files, the auth_file and the console's passwords; those of an earlier time are kept.

    Raises:
        PoolerError: no agent could log in, or the folder is not fit for it.
    """
    verifiers = auth.read_verifiers(connection, server, setup.roles)
    auth.require_verifiers(verifiers)
    files.make_folder(setup.folder, account)
    files.check_files(setup, force=force)
    files.make_peer_folders(setup, account)
    kept = files.read_console_passwords(setup)
    passwords = {user: kept.get(user) or auth.draw_password() for user in (setup.admin, setup.stats)}
    console = {user: auth.make_verifier(connection, user, password) for user, password in passwords.items()}
    texts = {path: render_ini(setup, number) for number, path in enumerate(setup.ini_files, start=1)}
    texts[setup.auth_file] = render_userlist({**verifiers.known, **console})
    texts[setup.credentials_file] = files.render_credentials(setup, passwords)
    files.write_files(texts, account, private=frozenset({setup.credentials_file}))
    return verifiers
