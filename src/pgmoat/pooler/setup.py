"""
What a configuration is for: version, database, addresses, agents.

In: Policy, options, where the database is. Out: Setup. I/O: none.
"""

from __future__ import annotations

import ipaddress
import math
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from pgmoat.errors import PoolerError
from pgmoat.policy.schema import Policy
from pgmoat.pooler.advise import Advice, AgentPool, Slots, advise
from pgmoat.pooler.console import CONSOLE, Version, render_version

OLDEST: Version = (1, 18)
"""Debian 12's. What it understands, every later one does."""

MARK = "Written by pgmoat pgbouncer."
"""In the first line of each file that is ours, and may be written again."""

PEERS_SINCE: Version = (1, 19)
TRACKED_SINCE: Version = (1, 20)
PREPARED_SINCE: Version = (1, 22)
USER_POOL_SINCE: Version = (1, 23)
USER_RESERVE_SINCE: Version = (1, 24)
QUOTED_NAMES_SINCE: Version = (1, 25)

FORGETFUL = (
    "when the first client of a role since the start has a wrong password, or several come at once, the role"
    " gets no connection (wrong password type). Log in once as each agent right after the start; what heals"
    " it is writing the files again, then RELOAD"
)
"""What :attr:`Place.is_forgetful` means to people."""

_FORGETFUL = frozenset({(1, 25, 1), (1, 25, 2)})
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")
_EVERYWHERE = {"*": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - looked for, not bound
_SOCKET_PATH_BYTES = 107 - len("/.s.PGSQL.65535")


@dataclass(frozen=True, slots=True)
class Database:
    """Where PgBouncer finds PostgreSQL."""

    host: str  # a folder: its Unix socket
    port: int
    name: str
    sslmode: str = "prefer"
    root_certificate: str = ""


@dataclass(frozen=True, slots=True)
class Listening:
    """Where clients find PgBouncer."""

    addresses: tuple[str, ...] = ("127.0.0.1",)
    port: int = 6432
    certificate: Path | None = None
    key: Path | None = None
    is_plain_allowed: bool = False  # without TLS from elsewhere too

    @property
    def has_tls(self) -> bool:
        """Whether clients are asked for TLS."""
        return self.certificate is not None

    @property
    def reachable(self) -> str:
        """An address by which this machine reaches it."""
        return _EVERYWHERE.get(self.addresses[0], self.addresses[0])


@dataclass(frozen=True, slots=True)
class Waiting:
    """How long clients, transactions and connections last, in milliseconds."""

    wait_ms: int
    idle_in_transaction_ms: int
    lifetime_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Which PgBouncer it is, and where it runs."""

    version: Version
    database: Database
    folder: Path  # of its files
    listening: Listening = field(default_factory=Listening)
    processes: int = 1

    @property
    def auth_file(self) -> Path:
        """Who may come in."""
        return self.folder / "userlist.txt"

    @property
    def credentials_file(self) -> Path:
        """The console's passwords."""
        return self.folder / "console.credentials"

    @property
    def ini_files(self) -> tuple[Path, ...]:
        """One per process."""
        if self.processes == 1:
            return (self.folder / "pgbouncer.ini",)
        return tuple(self.folder / f"pgbouncer-{number}.ini" for number in range(1, self.processes + 1))

    def socket_folder(self, number: int) -> Path | None:
        """Return where process *number* has its Unix socket, by which its peers reach it; None for one."""
        return None if self.processes == 1 else self.folder / f"peer-{number}"

    @property
    def is_forgetful(self) -> bool:
        """
        Whether only the first client of a role that begins to log in gives the key for PostgreSQL.

        When that one has the wrong password, or another one is faster, no connection to PostgreSQL can
        be opened for the role: https://github.com/pgbouncer/pgbouncer/pull/1504
        """
        return self.version in _FORGETFUL

    def has(self, since: Version) -> bool:
        """Whether the version knows what came with *since*."""
        return self.version >= since


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup(Place):
    """All that a configuration depends on."""

    advice: Advice
    waiting: Waiting
    console_prefix: str  # of pgmoat's own roles: no agent has such a name

    @property
    def pools(self) -> tuple[AgentPool, ...]:
        """The agents' pools."""
        return self.advice.pools

    @property
    def roles(self) -> list[str]:
        """The agents' roles."""
        return [pool.role for pool in self.pools]

    @property
    def admin(self) -> str:
        """The user that may do everything on the console."""
        return f"{self.console_prefix}pooler_admin"

    @property
    def stats(self) -> str:
        """The user that may look."""
        return f"{self.console_prefix}pooler_stats"

    def agent_dsn(self, role: str) -> str:
        """Return how *role* connects, without its password."""
        host = self.listening.reachable
        host = f"[{host}]" if ":" in host else host
        return f"postgresql://{role}@{host}:{self.listening.port}/{quote(self.database.name, safe='')}"


def make_setup(policy: Policy, slots: Slots, place: Place) -> Setup:
    """
    Return what a configuration for all agents of *policy* depends on.

    Raises:
        PoolerError: it cannot work, or would open the agents' way in to a network that reads along.
    """
    setup = Setup(
        version=place.version,
        database=place.database,
        folder=place.folder,
        listening=place.listening,
        processes=place.processes,
        advice=advise(policy, slots, place.processes),
        waiting=_derive_waiting(policy),
        console_prefix=policy.settings.system_role_prefix,
    )
    _check(setup)
    return setup


def _derive_waiting(policy: Policy) -> Waiting:
    """PgBouncer has one value for all: the longest wait that an agent asks for, the shortest life."""
    agents = policy.agents.values()
    return Waiting(
        wait_ms=max(agent.pool.timeout for agent in agents),
        idle_in_transaction_ms=max(agent.timeouts.idle_in_transaction for agent in agents),
        lifetime_ms=min(agent.pool.recycle for agent in agents),
    )


def is_loopback(address: str) -> bool:
    """Whether only this machine reaches *address*."""
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def parse_addresses(text: str) -> tuple[str, ...]:
    """
    Return the addresses of ``--listen``.

    Raises:
        PoolerError: there is none, or one that cannot stand in an ini file.
    """
    addresses = tuple(part.strip() for part in text.split(",") if part.strip())
    if not addresses or any(
        not set(address) <= _PLAIN | {":", "%"} and address != "*" for address in addresses
    ):
        raise PoolerError(
            f"--listen {text!r} is no list of addresses", hint="write it like 127.0.0.1 or 10.0.0.7,::1"
        )
    return addresses


def _check(setup: Setup) -> None:
    if setup.version < OLDEST:
        raise PoolerError(
            f"PgBouncer {render_version(setup.version)} is too old: {render_version(OLDEST)} or later",
            hint="upgrade PgBouncer; --version names the one to write for",
        )
    _check_name(setup)
    _check_lines(setup)
    _check_listening(setup.listening)
    for number in range(1, setup.processes + 1):
        folder = setup.socket_folder(number)
        if folder is not None and len(str(folder)) > _SOCKET_PATH_BYTES:
            raise PoolerError(
                f"{folder} is too long for the path of a Unix socket, by which the processes reach each"
                " other",
                hint="--output with a shorter path",
            )


def _check_name(setup: Setup) -> None:
    name = setup.database.name
    if name == CONSOLE:
        raise PoolerError(
            f"a database named {CONSOLE} cannot be reached through PgBouncer: it is its console's name",
            hint="rename the database",
        )
    is_quotable = setup.has(QUOTED_NAMES_SINCE) and "'" not in name and name.isprintable()
    if not set(name) <= _PLAIN and not is_quotable:
        raise PoolerError(
            f"PgBouncer {render_version(setup.version)} cannot have the database name {name!r} in its file",
            detail="letters, digits, _, . and - it can; since 1.25 others too, but no single quotes",
            hint="rename the database, or upgrade PgBouncer",
        )


def _check_lines(setup: Setup) -> None:
    """Refuse what would end its line in the file, and begin one of its own."""
    listening, database = setup.listening, setup.database
    written = {
        "the host": database.host,
        "sslmode": database.sslmode,
        "sslrootcert": database.root_certificate,
        "--listen": ",".join(listening.addresses),
        "--tls-cert": str(listening.certificate or ""),
        "--tls-key": str(listening.key or ""),
    }
    for what, value in written.items():
        if not value.isprintable():
            raise PoolerError(
                f"{what} has a character that cannot stand in PgBouncer's file: {value!r}",
                hint="leave out line breaks and control characters",
            )


def _check_listening(listening: Listening) -> None:
    if (listening.certificate is None) != (listening.key is None):
        raise PoolerError("--tls-cert and --tls-key belong together", hint="give both")
    remote = [address for address in listening.addresses if not is_loopback(address)]
    if remote and not listening.has_tls and not listening.is_plain_allowed:
        raise PoolerError(
            f"--listen {','.join(remote)} without TLS: tokens and rows would cross the network readable",
            hint="--tls-cert and --tls-key; or --without-tls, where the network itself is encrypted",
        )


def ceil_seconds(milliseconds: int) -> int:
    """Return whole seconds, at least one."""
    return max(1, math.ceil(milliseconds / 1000))


def render_seconds(milliseconds: int) -> str:
    """Return seconds as PgBouncer reads them: 3000 is ``3``, 2500 is ``2.5``."""
    return f"{milliseconds / 1000:.3f}".rstrip("0").rstrip(".")
