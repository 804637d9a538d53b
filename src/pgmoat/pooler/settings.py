"""
What each setting of PgBouncer should be, and why: one list, for the file and for the check.

In: Setup. Out: Settings, for the pooler and for its users. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from pgmoat.pooler.advise import CLIENT_FORMULA, AgentPool
from pgmoat.pooler.console import render_version
from pgmoat.pooler.setup import (
    FORGETFUL,
    PEERS_SINCE,
    PREPARED_SINCE,
    TRACKED_SINCE,
    USER_POOL_SINCE,
    USER_RESERVE_SINCE,
    Setup,
    ceil_seconds,
    render_seconds,
)

_MAX_RESERVE_WAIT_MS = 1_000
_TRACKS_BADLY = (1, 21)


RESET_QUERY = (
    "CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; DEALLOCATE ALL; UNLISTEN *;"
    " SELECT pg_catalog.pg_advisory_unlock_all(); DISCARD TEMP; DISCARD SEQUENCES"
)
"""DISCARD ALL without DISCARD PLANS; see https://www.postgresql.org/docs/current/sql-discard.html."""


class Rule(StrEnum):
    """How a running one's value compares with the wanted one."""

    SAME = "same"
    AT_MOST = "at most, and not 0"
    AT_LEAST = "at least"
    ABOVE_ZERO = "above 0"
    WITHIN = "nothing besides"
    FREE = "as you like"


class Part(StrEnum):
    """Parts of the file, in its order."""

    ADDRESSES = "Where it listens"
    LOGIN = "Who comes in"
    POOLS = "Pools"
    RESET = "What one client leaves for the next"
    WAITING = "Waiting: an error, and soon"
    CONNECTIONS = "Connections to PostgreSQL"
    CLIENTS = "Clients"
    CONSOLE = "Console and log"


@dataclass(frozen=True, slots=True)
class Setting:
    """One line of the file."""

    name: str
    value: str
    why: str
    part: Part
    rule: Rule = Rule.SAME
    others: tuple[str, ...] = ()  # values that a running one may have as well
    is_written: bool = True  # False: it must not stand in the file; the empty default is right


@dataclass(frozen=True, slots=True)
class UserSettings:
    """What one agent's role has of its own."""

    role: str
    values: tuple[tuple[str, int], ...]


def list_settings(setup: Setup, number: int = 1) -> list[Setting]:
    """Return what process *number* should have, in the order of the file."""
    return [
        *_list_addresses(setup, number),
        *_list_login(setup),
        *_list_pools(setup),
        *_list_reset(setup),
        *_list_waiting(setup),
        *_list_connections(setup),
        *_list_clients(setup),
        *_list_console(setup),
    ]


def list_user_settings(setup: Setup) -> list[UserSettings]:
    """Return what each agent's role has of its own, as far as the version can."""
    return [UserSettings(pool.role, tuple(_list_user(setup, pool))) for pool in setup.pools]


def _list_user(setup: Setup, pool: AgentPool) -> Iterator[tuple[str, int]]:
    if setup.has(USER_POOL_SINCE):
        yield "pool_size", pool.size
    if setup.has(USER_RESERVE_SINCE):
        yield "reserve_pool_size", pool.reserve
    yield "max_user_connections", pool.most
    if setup.has(USER_RESERVE_SINCE):
        yield "max_user_client_connections", pool.clients
        yield "idle_transaction_timeout", ceil_seconds(pool.idle_in_transaction_ms) + 1


def _list_addresses(setup: Setup, number: int) -> Iterator[Setting]:
    part, listening = Part.ADDRESSES, setup.listening
    yield Setting("listen_addr", ",".join(listening.addresses), "", part, Rule.FREE)
    yield Setting("listen_port", str(listening.port), "", part, Rule.FREE)
    folder = setup.socket_folder(number)
    if folder is None:
        yield Setting("unix_socket_dir", "", "No Unix socket: agents come by TCP.", part, Rule.FREE)
    else:
        why = "One for each process: a cancel that reached another one is passed on through it."
        yield Setting("unix_socket_dir", str(folder), why, part, Rule.FREE)
        yield Setting("unix_socket_mode", "0700", "For the other processes alone.", part, Rule.FREE)
        why = f"{setup.processes} processes share the port; PgBouncer uses one core each."
        yield Setting("so_reuseport", "1", why, part)
        if setup.has(PEERS_SINCE):
            yield Setting("peer_id", str(number), "", part, Rule.FREE)
    yield from _list_client_tls(setup)


def _list_client_tls(setup: Setup) -> Iterator[Setting]:
    part, listening = Part.ADDRESSES, setup.listening
    if not listening.has_tls:
        why = (
            "Plain TCP, for this machine alone. Before listening elsewhere: --tls-cert and --tls-key."
            if not listening.is_plain_allowed
            else "Plain TCP was asked for: the network itself must be encrypted."
        )
        yield Setting("client_tls_sslmode", "disable", why, part, Rule.FREE)
        return
    why = "Without TLS no client comes in: tokens and rows would be readable on the way."
    yield Setting("client_tls_sslmode", "require", why, part, Rule.FREE)
    yield Setting("client_tls_cert_file", str(listening.certificate), "", part, Rule.FREE)
    yield Setting("client_tls_key_file", str(listening.key), "", part, Rule.FREE)


def _list_login(setup: Setup) -> Iterator[Setting]:
    part = Part.LOGIN
    why = "PgBouncer checks the password, and logs in to PostgreSQL with what the client proved."
    yield Setting("auth_type", "scram-sha-256", why, part)
    why = (
        "The agents' SCRAM verifiers, the same as PostgreSQL's: no password stands in it. People's roles"
        " do not either, so they cannot come in, wait behind agents, or hold agents up: people connect"
        " directly, or through a PgBouncer of their own. After a password changed: write this folder"
        " again, then RELOAD."
    )
    if setup.is_forgetful:
        why += f" In {render_version(setup.version)}: {FORGETFUL}."
    yield Setting("auth_file", str(setup.auth_file), why, part, Rule.FREE)
    why = "With auth_user any role of the server could come in, people's too."
    yield Setting("auth_user", "", why, part, is_written=False)


def _list_pools(setup: Setup) -> Iterator[Setting]:
    part, pools = Part.POOLS, setup.pools
    why = "An agent that thinks between two transactions holds no connection of the server."
    yield Setting("pool_mode", "transaction", why, part)
    why = "The largest agent's; what each agent has stands in [users]."
    yield Setting("default_pool_size", str(max(pool.size for pool in pools)), why, part)
    yield Setting("min_pool_size", "0", "Nothing is held for agents that are not there.", part)
    why = "Besides the pool, for a client that has waited for reserve_pool_timeout."
    yield Setting("reserve_pool_size", str(max(pool.reserve for pool in pools)), why, part)
    wait = min(_MAX_RESERVE_WAIT_MS, setup.waiting.wait_ms // 3) or 1
    yield Setting("reserve_pool_timeout", render_seconds(wait), "", part, Rule.AT_MOST)
    why = (
        "The smallest agent's, for a role that [users] does not name. Never above a role's CONNECTION LIMIT."
    )
    yield Setting("max_user_connections", str(min(pool.most for pool in pools)), why, part)
    why = (
        f"{CLIENT_FORMULA}. PgBouncer needs a file descriptor for each, and for each connection to"
        f" PostgreSQL: ulimit -n (LimitNOFILE in systemd) of {count_descriptors(setup)} or more."
    )
    yield Setting("max_client_conn", str(setup.advice.max_clients), why, part, Rule.AT_LEAST)


def count_descriptors(setup: Setup) -> int:
    """Return how many files one process has open at most, with some to spare."""
    return setup.advice.max_clients + sum(pool.most for pool in setup.pools) + 100


def _list_reset(setup: Setup) -> Iterator[Setting]:
    part = Part.RESET
    why = (
        "Settings, search_path, temporary tables, advisory locks, LISTEN: all of it goes. It is DISCARD ALL"
        " without DISCARD PLANS, which would have pgmoat's functions planned anew in every transaction: a"
        " write then costs the server 2.6 times as much."
    )
    yield Setting("server_reset_query", RESET_QUERY, why, part, others=("DISCARD ALL",))
    why = (
        "In transaction mode too. Without it one task's SET statement_timeout = 0, or its temporary table"
        " named as an entity, waits for the next task. It costs a round trip per transaction."
    )
    yield Setting("server_reset_query_always", "1", why, part)
    if setup.has(PREPARED_SINCE):
        why = (
            "Prepared statements are followed, through the reset too: PgBouncer prepares them again."
            " They save no planning behind a reset, and they are right."
        )
        yield Setting("max_prepared_statements", "200", why, part, Rule.ABOVE_ZERO)
    elif setup.has(_TRACKS_BADLY):
        why = (
            "1.21 does not see that the reset dropped them, and would run what is gone. Clients:"
            " prepare_threshold=None (psycopg), statement_cache_size=0 (asyncpg)."
        )
        yield Setting("max_prepared_statements", "0", why, part)
    if setup.has(TRACKED_SINCE):
        why = "Nothing besides the default: what is tracked is carried over the reset, search_path for one."
        yield Setting("track_extra_parameters", "IntervalStyle", why, part, Rule.WITHIN)
    why = (
        "Dropped silently, so only what is harmless. Never options, a timeout, search_path or"
        " pgmoat.token: a client would believe that they are set. PgBouncer refuses those, loudly."
    )
    yield Setting("ignore_startup_parameters", "extra_float_digits", why, part, Rule.WITHIN)


def _list_waiting(setup: Setup) -> Iterator[Setting]:
    part, waiting = Part.WAITING, setup.waiting
    why = "The longest pool.timeout of the agents. Then the client gets an error, never an empty answer."
    yield Setting("query_wait_timeout", render_seconds(waiting.wait_ms), why, part, Rule.AT_MOST)
    if setup.has(PEERS_SINCE):
        yield Setting("cancel_wait_timeout", "10", "The same for a cancel.", part, Rule.AT_MOST)
    idle = ceil_seconds(waiting.idle_in_transaction_ms) + 1
    why = (
        "A second above the longest timeouts.idle_in_transaction, which PostgreSQL holds first. That one"
        " a client can lift, this one it cannot."
    )
    yield Setting("idle_transaction_timeout", str(idle), why, part, Rule.AT_MOST)
    why = (
        "Not here: it ends the client and leaves the statement running, which then commits although the"
        " client was told otherwise. statement_timeout of the role cancels it; set"
        " client_connection_check_interval on the server, for statements whose client has gone."
    )
    yield Setting("query_timeout", "0", why, part)
    if setup.version >= (1, 25):
        yield Setting("transaction_timeout", "0", "Not here, for the same reason.", part)


def _list_connections(setup: Setup) -> Iterator[Setting]:
    part, database = Part.CONNECTIONS, setup.database
    why = "The shortest pool.recycle of the agents. A new connection gets changed settings of the role."
    lifetime = render_seconds(setup.waiting.lifetime_ms)
    yield Setting("server_lifetime", lifetime, why, part, Rule.AT_MOST)
    yield Setting("server_idle_timeout", "60", "What a burst opened is given back.", part, Rule.AT_MOST)
    yield Setting("server_connect_timeout", "10", "", part, Rule.AT_MOST)
    why = "After a failed login others get an error at once for so long; then it is tried again."
    yield Setting("server_login_retry", "3", why, part, Rule.AT_MOST)
    why = "As the database was reached when this was written." if database.sslmode else ""
    yield Setting("server_tls_sslmode", database.sslmode, why, part, Rule.FREE)
    if database.root_certificate:
        yield Setting("server_tls_ca_file", database.root_certificate, "", part, Rule.FREE)


def _list_clients(setup: Setup) -> Iterator[Setting]:
    part = Part.CLIENTS
    login = max(10_000, setup.waiting.wait_ms + 5_000)
    why = "Who does not manage to log in gives the place back."
    yield Setting("client_login_timeout", render_seconds(login), why, part, Rule.AT_MOST)
    why = "An agent may think for as long as it likes: a client connection costs next to nothing."
    yield Setting("client_idle_timeout", "0", why, part)
    why = "The name is the task's: pgmoat reads it, and 63 bytes are soon full."
    yield Setting("application_name_add_host", "0", why, part)
    yield Setting("tcp_keepalive", "1", "A client whose machine is gone is noticed after 90 s.", part)
    yield Setting("tcp_keepidle", "60", "", part, Rule.FREE)
    yield Setting("tcp_keepintvl", "10", "", part, Rule.FREE)
    yield Setting("tcp_keepcnt", "3", "", part, Rule.FREE)


def _list_console(setup: Setup) -> Iterator[Setting]:
    part = Part.CONSOLE
    why = f"May RELOAD, RECONNECT, PAUSE; password in {setup.credentials_file.name}. No agent belongs here."
    yield Setting("admin_users", setup.admin, why, part, Rule.WITHIN)
    why = "May SHOW: for pgmoat pgbouncer --check, pgmoat doctor --pooler, and monitoring."
    if (1, 24) <= setup.version < (1, 25, 2):
        why += f" In {render_version(setup.version)} also KILL_CLIENT (CVE-2026-6667)."
    yield Setting("stats_users", setup.stats, why, part, Rule.FREE)
    yield Setting(
        "log_connections", "1", "Who came when, and what was refused. No statement, no password.", part
    )
    yield Setting("log_disconnections", "1", "", part, Rule.FREE)
    yield Setting("log_pooler_errors", "1", "", part)
