"""
A small shop in which every classic hole is open for one role, and what uses each of them.

In: seeds/*.sql. Out: World, Hole. I/O: PostgreSQL.

A seed has parts, each begun by a line ``-- name`` or ``-- other name`` (in a second database):
The line ``-- claim: code action name`` is what blast must say of it.
``seed`` makes the hole, as superuser; ``before`` is what people do before it is used; ``exploit`` is run by
the role, and its last answer must be true; ``after`` is what people do then; ``proof``, asked by the
superuser, must be true; ``people`` is what PREFIXclerk does every day, holes or not.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Generator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.postgres_fixtures import Database, PostgresServer, create_database

_FOLDER = Path(__file__).parent
_PART = re.compile(r"^-- (other )?(seed|before|exploit|after|proof|people)$", re.MULTILINE)


@dataclass(frozen=True)
class Hole:
    """One way for PREFIXbot to what it should not reach."""

    name: str
    text: str = field(repr=False)

    @property
    def about(self) -> str:
        """What is wrong, on one line."""
        return self._find("about") or ""

    @property
    def claim(self) -> str:
        """Code, action and object of the claim that shows it, with the placeholders of a script."""
        return self._find("claim") or ""

    @property
    def extension(self) -> str | None:
        """The extension that it takes, which not every server has."""
        return self._find("needs")

    @property
    def connects(self) -> str | None:
        """``replication``: the exploit is a command of that protocol."""
        return self._find("connects")

    @property
    def is_committed(self) -> bool:
        """The exploit cannot run in a transaction, or people have to see it."""
        return re.search(r"^-- commits$", self.text, re.MULTILINE) is not None or "after" in self.parts

    @property
    def is_elsewhere(self) -> bool:
        """It is in the other database."""
        return "other seed" in self.parts

    @cached_property
    def parts(self) -> dict[str, str]:
        """SQL by the name of the part, ``other seed`` among them."""
        pieces = _PART.split(self.text)[1:]
        return {
            (other or "") + name: body.strip()
            for other, name, body in zip(pieces[::3], pieces[1::3], pieces[2::3], strict=True)
        }

    def part(self, name: str) -> str:
        """Return a part wherever it belongs; empty without it."""
        return self.parts.get(f"other {name}" if self.is_elsewhere else name, "")

    def _find(self, key: str) -> str | None:
        found = re.search(rf"^-- {key}: (.+)$", self.text, re.MULTILINE)
        return found[1] if found else None


HOLES = tuple(Hole(path.stem, path.read_text()) for path in sorted((_FOLDER / "seeds").glob("*.sql")))


@dataclass(frozen=True, slots=True)
class World:
    """The shop's database and another of the same server, both with holes."""

    database: Database
    other: Database
    prefix: str
    holes: tuple[Hole, ...]

    @property
    def role(self) -> str:
        """The role that is asked about."""
        return f"{self.prefix}bot"

    @property
    def dsn(self) -> str:
        """How that role logs in."""
        return self.database.dsn_for(self.role, self.role)

    @property
    def clerk_dsn(self) -> str:
        """How people's program logs in."""
        return self.database.dsn_for(f"{self.prefix}clerk", f"{self.prefix}clerk")

    def fill(self, text: str) -> bytes:
        """Return SQL with the names that it has here."""
        server = self.database.server
        words = {
            "PREFIX": self.prefix,
            "DBNAME": self.database.name,
            "OTHER": self.other.name,
            "DATADIR": self._read_data_directory() if "DATADIR" in text else "",
            "HOST": server.host,
            "PORT": str(server.port),
            "SUPERUSER": server.user,
            "PASSWORD": server.password,
        }
        # In quotes, where they are no words of SQL.
        text = re.sub(r"(?<=')(PORT|HOST|PASSWORD|SUPERUSER)(?=')", lambda match: words[match[0]], text)
        return re.sub(r"PREFIX|DBNAME|OTHER|DATADIR", lambda match: words[match[0]], text).encode()

    def _read_data_directory(self) -> str:
        with psycopg.connect(self.database.dsn) as connection:
            return str(connection.execute("SHOW data_directory").fetchall()[0][0])

    def run(self, text: str, *, elsewhere: bool = False) -> list[tuple[Any, ...]]:
        """Run SQL as superuser, and return the last answer."""
        return run_script((self.other if elsewhere else self.database).dsn, self.fill(text))

    def exploit(self, hole: Hole) -> bool:
        """
        Use the hole as the role does, over a connection of its own; return whether it is open.

        What people do before and after is done by the superuser. Where the exploit need not be committed it
        is rolled back.
        """
        place = self.other if hole.is_elsewhere else self.database
        if hole.part("before"):
            run_script(place.dsn, self.fill(hole.part("before")))
        dsn = place.dsn_for(self.role, self.role)
        if hole.connects:
            dsn = make_conninfo(dsn, replication="database")
        try:
            rows = run_script(dsn, self.fill(hole.part("exploit")), commits=hole.is_committed)
        except psycopg.Error:
            return False
        if hole.part("after"):
            run_script(place.dsn, self.fill(hole.part("after")))
            rows = run_script(place.dsn, self.fill(hole.part("proof")))
        # A command of the replication protocol, and one that only commits, answer with no truth value.
        return bool(hole.connects) or (hole.is_committed and not hole.part("proof")) or _is_true(rows)

    def work(self, hole: Hole) -> None:
        """
        Do what people do every day where the hole is.

        Raises:
            psycopg.Error: they no longer can.
        """
        place = self.other if hole.is_elsewhere else self.database
        clerk = f"{self.prefix}clerk"
        if hole.part("people"):
            run_script(place.dsn_for(clerk, clerk), self.fill(hole.part("people")), commits=False)


def _is_true(rows: list[tuple[Any, ...]]) -> bool:
    return bool(rows) and rows[0][0] is True


def run_script(dsn: str, script: bytes, *, commits: bool = True) -> list[tuple[Any, ...]]:
    """Run statements in one transaction, or alone if it is but one that commits; return the last rows."""
    with psycopg.connect(dsn, autocommit=True) as connection, contextlib.ExitStack() as stack:
        if not commits and "replication" not in conninfo_to_dict(dsn):
            stack.enter_context(connection.transaction(force_rollback=True))
        cursor = connection.execute(script)
        while cursor.nextset():
            pass
        return cursor.fetchall() if cursor.description else []


def is_available(database: Database, hole: Hole) -> bool:
    """Whether the server has what the hole takes."""
    with psycopg.connect(database.dsn) as connection:
        query = "SELECT FROM pg_catalog.pg_available_extensions WHERE name = %s"
        return hole.extension is None or bool(connection.execute(query, [hole.extension]).fetchall())


@contextlib.contextmanager
def open_world(server: PostgresServer, prefix: str, *names: str) -> Generator[World]:
    """Yield the shop with the named holes, or with all that this server can have."""
    with create_database(server) as database, create_database(server) as other:
        chosen = tuple(
            hole for hole in HOLES if (not names or hole.name in names) and is_available(database, hole)
        )
        world = World(database, other, prefix, chosen)
        for place in (database, other):
            # What PostgreSQL opens itself is a hole of its own here, or none.
            run_script(place.dsn, f"REVOKE TEMPORARY ON DATABASE {place.name} FROM PUBLIC".encode())
        world.run((_FOLDER / "shop.sql").read_text())
        for hole in chosen:
            world.run(hole.part("seed"), elsewhere=hole.is_elsewhere)
        yield world
