"""
The MCP servers that ours is measured against, as `bench/install_rivals.sh FOLDER` lays them down.

In: that folder, a login. Out: command lines and environments. I/O: looks whether they are there.

Each is started as its own documentation says, read-only where it can be, and left as it comes but for what
its name says: a limit on calls per minute would stop any measurement.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from psycopg.conninfo import conninfo_to_dict


@dataclass(frozen=True, slots=True)
class Launch:
    """How one server is started and asked."""

    name: str
    command: tuple[str, ...]
    environ: Mapping[str, str]
    tool: str  # that runs SQL, which is its argument "sql"
    has_parameters: bool = False  # the key of a read is sent apart from its text


@dataclass(frozen=True, slots=True)
class Rival:
    """One of the servers, wherever it is."""

    short: str
    name: str
    program: str  # in its folder
    tool: str
    options: Callable[[str], tuple[str, ...]]  # of the URL
    environ: Callable[[str], Mapping[str, str]]

    def find(self, folder: Path, dsn: str) -> Launch | None:
        """Return how it is started for the login of *dsn*; None when it is not installed."""
        home = folder / self.short
        if not (home / "installed").exists() or not (home / self.program).exists():
            return None
        url = make_url(dsn)
        # The Node that came with one of them goes before the system's.
        path = f"{home / 'node_modules' / 'node' / 'bin'}:/usr/local/bin:/usr/bin:/bin"
        common = {"HOME": str(home), "PATH": path, "LANG": "C.UTF-8"}
        command = (str(home / self.program), *self.options(url))
        return Launch(self.name, command, {**common, **self.environ(url)}, self.tool)


def make_url(dsn: str) -> str:
    """Return *dsn* as a URL: not all of them read libpq's other form."""
    parts = _split(dsn)
    login = f"{quote(parts['user'], safe='')}:{quote(parts['password'], safe='')}"
    return f"postgresql://{login}@{parts['host']}:{parts['port']}/{parts['dbname']}"


def _split(dsn: str) -> dict[str, str]:
    found: dict[str, Any] = conninfo_to_dict(dsn)
    return {"host": "127.0.0.1", "port": "5432"} | {name: str(value) for name, value in found.items()}


def _split_for_toolbox(url: str) -> Mapping[str, str]:
    parts = _split(url)
    return {
        "POSTGRES_HOST": parts["host"],
        "POSTGRES_PORT": parts["port"],
        "POSTGRES_DATABASE": parts["dbname"],
        "POSTGRES_USER": parts["user"],
        "POSTGRES_PASSWORD": parts["password"],
    }


RIVALS: tuple[Rival, ...] = (
    Rival(
        "PMP",
        "postgres-mcp 0.3.0, restricted (Python)",
        "venv/bin/postgres-mcp",
        "execute_sql",
        lambda _: ("--access-mode=restricted",),
        lambda url: {"DATABASE_URI": url},
    ),
    Rival(
        "MCPg",
        "MCPg 0.8.3, its rate limit off (Python)",
        "venv/bin/mcpg",
        "run_select",
        lambda _: (),
        lambda url: {"MCPG_DATABASE_URL": url, "MCPG_RATE_LIMIT_ENABLED": "false"},
    ),
    Rival(
        "INT",
        "Interdict 0.4.0 (Python)",
        "venv/bin/interdict",
        "run_query",
        lambda _: (),
        lambda url: {
            "AGENT_SAFETY_PROFILE": "development",
            "AGENT_DB_DSN": url,
            "AGENT_OPERATOR_TOKEN": "an-operator-token-for-measurements-0123456789",
        },
    ),
    Rival(
        "TBX",
        "MCP Toolbox 1.12.0 (Go)",
        "node_modules/.bin/toolbox",
        "execute_sql",
        lambda _: ("--prebuilt", "postgres", "--stdio", "--disable-version-check"),
        _split_for_toolbox,
    ),
    Rival(
        "DBH",
        "DBHub 1.4.0 (TypeScript)",
        "node_modules/.bin/dbhub",
        "execute_sql",
        lambda url: ("--transport", "stdio", "--dsn", url),
        lambda _: {},
    ),
    Rival(
        "REF",
        "the archived reference server (TypeScript)",
        "node_modules/.bin/mcp-server-postgres",
        "query",
        lambda url: (url,),
        lambda _: {},
    ),
)
