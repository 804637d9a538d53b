"""
Settings of the server, as a new session gets them.

In: a connection. Out: SettingFacts, remarks about them. I/O: reads PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from pgmoat.compiler.checks.connections import CONNECTIONS_FOR_PEOPLE
from pgmoat.compiler.checks.wording import join_words, quote_name
from pgmoat.doctor.agents import AgentRole
from pgmoat.doctor.check import Area, Check, Remark, Status
from pgmoat.doctor.target import PACKAGE
from pgmoat.postgres.sqlfile import load_sql

NAMES = (
    "client_connection_check_interval",
    "default_transaction_isolation",
    "idle_session_timeout",
    "listen_addresses",
    "log_min_duration_statement",
    "log_parameter_max_length",
    "log_parameter_max_length_on_error",
    "log_statement",
    "max_connections",
    "password_encryption",
    "reserved_connections",
    "row_security",
    "session_replication_role",
    "ssl",
    "superuser_reserved_connections",
    "track_activities",
    "track_activity_query_size",
)

_LOCAL = frozenset({"", "localhost", "127.0.0.1", "::1"})
_ENOUGH_QUERY_BYTES = 1024
_ENOUGH_RESERVED = 3
_RELOAD = " SELECT pg_catalog.pg_reload_conf();"


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of ``read_settings.sql``; *value* is in the setting's own unit."""

    name: str
    value: str
    source: str = "default"
    pending_restart: bool = False


@dataclass(frozen=True, slots=True)
class SettingFacts:
    """Settings by name; one that is missing does not exist in this version, or may not be read."""

    settings: Mapping[str, Setting]
    roles: Iterable[AgentRole] = ()
    is_pooled: bool | None = None  # None: not known
    database: str = ""

    def value(self, name: str) -> str:
        """Return a setting's value; empty if it is missing."""
        found = self.settings.get(name)
        return "" if found is None else found.value

    def number(self, name: str) -> int:
        """Return a setting's value as a number; 0 if it is missing."""
        return int(self.value(name) or 0)


def read_settings(
    connection: Connection[Any], roles: Iterable[AgentRole], *, is_pooled: bool | None
) -> SettingFacts:
    """Return the settings that the checks look at; *roles* and *is_pooled* have been read before."""
    with connection.cursor(row_factory=class_row(Setting)) as cursor:
        cursor.execute(load_sql(PACKAGE, "read_settings"), {"names": list(NAMES)})
        return SettingFacts(
            {row.name: row for row in cursor}, tuple(roles), is_pooled, connection.info.dbname
        )


Judge = Callable[[SettingFacts], Iterable[Remark]]


def _needs(name: str, judge: Judge) -> Judge:
    """Return *judge* for facts that have the setting *name*; without it the answer is unknown."""

    def judge_known(facts: SettingFacts) -> Iterable[Remark]:
        if name in facts.settings:
            return judge(facts)
        return (Remark(Status.UNKNOWN, f"{name} could not be read", "run doctor as a superuser"),)

    return judge_known


def _judge_password_encryption(facts: SettingFacts) -> Iterator[Remark]:
    value = facts.value("password_encryption")
    if value != "scram-sha-256":
        yield Remark(
            Status.WARNING,
            f"password_encryption is {value}: passwords set by hand are stored weakly, and PgBouncer and"
            " pg_hba.conf cannot ask for SCRAM",
            "ALTER SYSTEM SET password_encryption = 'scram-sha-256';"
            + _RELOAD
            + " -- then set those passwords anew",
        )


def _judge_ssl(facts: SettingFacts) -> Iterator[Remark]:
    addresses = [address.strip() for address in facts.value("listen_addresses").split(",")]
    remote = [address for address in addresses if address not in _LOCAL]
    if remote and facts.value("ssl") != "on":
        yield Remark(
            Status.WARNING,
            f"the server listens on {join_words(remote)} without ssl: tokens and rows cross"
            " the network readable",
            "ALTER SYSTEM SET ssl = on;"
            + _RELOAD
            + " -- with ssl_cert_file and ssl_key_file; hostssl in pg_hba.conf",
        )


def _judge_log_statement(facts: SettingFacts) -> Iterator[Remark]:
    statement = facts.value("log_statement")
    logs_all = statement == "all" or facts.number("log_min_duration_statement") == 0
    logs_parameters = facts.number("log_parameter_max_length") != 0
    remedy = "ALTER SYSTEM SET log_parameter_max_length = 0;" + _RELOAD
    if logs_all and logs_parameters:
        yield Remark(
            Status.WARNING,
            "every statement is logged with its parameters: the tokens of tasks stand in the server's log",
            remedy,
        )
    elif statement == "mod" and logs_parameters:
        yield Remark(
            Status.WARNING,
            "log_statement = mod logs the verifiers of agents' passwords, which apply sends as parameters",
            remedy,
        )
    if facts.number("log_parameter_max_length_on_error") != 0:
        yield Remark(
            Status.WARNING,
            "parameters of failed statements are logged: the tokens of tasks among them",
            "ALTER SYSTEM SET log_parameter_max_length_on_error = 0;" + _RELOAD,
        )


def _judge_activity(facts: SettingFacts) -> Iterator[Remark]:
    if facts.value("track_activities") != "on":
        yield Remark(
            Status.WARNING,
            "track_activities is off: nobody sees what agents run, and freeze cannot find their transactions",
            "ALTER SYSTEM SET track_activities = on;" + _RELOAD,
        )
    size = facts.number("track_activity_query_size")
    if size < _ENOUGH_QUERY_BYTES:
        yield Remark(
            Status.WARNING,
            f"track_activity_query_size is {size} bytes: the tags of agents' statements may be cut off",
            "ALTER SYSTEM SET track_activity_query_size = 4096; -- then restart the server",
        )


def _judge_connection_check(facts: SettingFacts) -> Iterator[Remark]:
    if facts.number("client_connection_check_interval") == 0:
        yield Remark(
            Status.WARNING if facts.is_pooled else Status.NOTE,
            "client_connection_check_interval is 0: a statement runs on after its client, or"
            " a pooler's KILL_CLIENT"
            " or query_timeout, has gone",
            "ALTER SYSTEM SET client_connection_check_interval = '5s';" + _RELOAD,
        )


def _judge_idle_sessions(facts: SettingFacts) -> Iterator[Remark]:
    timeout_ms = facts.number("idle_session_timeout")
    if timeout_ms and facts.is_pooled:
        yield Remark(
            Status.WARNING,
            f"idle_session_timeout is {timeout_ms} ms: it ends the pooler's idle connections,"
            " and clients meet that",
            "ALTER SYSTEM SET idle_session_timeout = 0;"
            + _RELOAD
            + " -- PgBouncer has server_idle_timeout for it",
        )


def _judge_connections(facts: SettingFacts) -> Iterator[Remark]:
    unlimited = [role.name for role in facts.roles if role.connection_limit < 0]
    for name in unlimited:
        yield Remark(
            Status.ERROR,
            f"agent's role {name} has no CONNECTION LIMIT: it can take every slot of people's",
            "pgmoat apply -- sets it to the policy's connections",
        )
    wanted = sum(role.connection_limit for role in facts.roles if role.connection_limit > 0)
    reserved = facts.number("superuser_reserved_connections") + facts.number("reserved_connections")
    free = max(facts.number("max_connections") - reserved - CONNECTIONS_FOR_PEOPLE, 0)
    if wanted > free:
        yield Remark(
            Status.WARNING,
            f"the agents may hold {wanted} connections, but the server has {free} for them: max_connections"
            f" {facts.value('max_connections')} less {reserved} reserved, less"
            f" {CONNECTIONS_FOR_PEOPLE} for people",
            f"lower connections: in the policy, or ALTER SYSTEM SET max_connections ="
            f" {wanted + reserved + CONNECTIONS_FOR_PEOPLE}; -- then restart the server",
        )


def _judge_reserved(facts: SettingFacts) -> Iterator[Remark]:
    reserved = facts.number("superuser_reserved_connections")
    if reserved < _ENOUGH_RESERVED:
        yield Remark(
            Status.WARNING,
            f"superuser_reserved_connections is {reserved}: with all slots taken nobody gets"
            " in to freeze an agent",
            f"ALTER SYSTEM SET superuser_reserved_connections = {_ENOUGH_RESERVED}; -- then"
            " restart the server",
        )


def _judge_isolation(facts: SettingFacts) -> Iterator[Remark]:
    value = facts.value("default_transaction_isolation")
    if value != "read committed":
        yield Remark(
            Status.ERROR,
            f"default_transaction_isolation is {value}: the gate refuses every statement of"
            " an agent that does not"
            " ask for READ COMMITTED (PM006)",
            _reset("default_transaction_isolation", facts),
        )


def _judge_triggers(facts: SettingFacts) -> Iterator[Remark]:
    value = facts.value("session_replication_role")
    if value != "origin":
        yield Remark(
            Status.ERROR,
            f"session_replication_role is {value}: people's triggers, and their foreign keys, do not fire",
            _reset("session_replication_role", facts),
        )


def _judge_row_security(facts: SettingFacts) -> Iterator[Remark]:
    if facts.value("row_security") != "on":
        yield Remark(
            Status.WARNING,
            "row_security is off: whoever is under a row policy gets an error instead of the rows it may see",
            _reset("row_security", facts),
        )


def _reset(name: str, facts: SettingFacts) -> str:
    """Return what takes the setting back to its default, where it was set."""
    source = facts.settings[name].source
    if source == "database":
        return f"ALTER DATABASE {quote_name(facts.database)} RESET {name};"
    if source in {"user", "database user"}:
        return f"ALTER ROLE CURRENT_USER RESET {name}; -- it is set for the role that ran doctor"
    if source == "global":
        return f"ALTER ROLE ALL RESET {name};"
    return f"ALTER SYSTEM RESET {name};" + _RELOAD + " -- or take it out of postgresql.conf"


def _judge_pending(facts: SettingFacts) -> Iterator[Remark]:
    for setting in facts.settings.values():
        if setting.pending_restart:
            yield Remark(
                Status.NOTE,
                f"{setting.name} was changed in the configuration, and is still {setting.value or 'empty'}",
                "restart the server",
            )


def _make(code: str, in_order: str, name: str, judge: Judge) -> Check[SettingFacts]:
    return Check(Area.SETTINGS, code, in_order, _needs(name, judge))


CHECKS: tuple[Check[SettingFacts], ...] = (
    _make(
        "doctor-password-encryption",
        "passwords are stored as SCRAM verifiers",
        "password_encryption",
        _judge_password_encryption,
    ),
    _make("doctor-ssl", "connections from elsewhere can be encrypted", "ssl", _judge_ssl),
    _make("doctor-log-statement", "no token is logged", "log_parameter_max_length", _judge_log_statement),
    _make("doctor-activity", "statements are shown with their tags", "track_activities", _judge_activity),
    _make(
        "doctor-connection-check",
        "a statement whose client has gone is ended",
        "client_connection_check_interval",
        _judge_connection_check,
    ),
    _make(
        "doctor-idle-session-timeout",
        "the pooler's idle connections are left alone",
        "idle_session_timeout",
        _judge_idle_sessions,
    ),
    _make("doctor-connections", "the agents leave slots to people", "max_connections", _judge_connections),
    _make(
        "doctor-reserved-connections",
        "a superuser gets in when all slots are taken",
        "superuser_reserved_connections",
        _judge_reserved,
    ),
    _make(
        "doctor-isolation",
        "transactions are READ COMMITTED by default",
        "default_transaction_isolation",
        _judge_isolation,
    ),
    _make("doctor-triggers", "triggers fire", "session_replication_role", _judge_triggers),
    _make("doctor-row-security", "row security is on", "row_security", _judge_row_security),
    Check(Area.SETTINGS, "doctor-pending-restart", "no setting waits for a restart", _judge_pending),
)
