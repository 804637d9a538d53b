"""
What a running PgBouncer has otherwise than it should.

In: Setup, what its console says. Out: Differences. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from pgmoat.pooler.console import CONSOLE, PooledUser, PoolerFacts
from pgmoat.pooler.render import parse_userlist
from pgmoat.pooler.settings import Rule, Setting, list_settings, list_user_settings
from pgmoat.pooler.setup import FORGETFUL, USER_POOL_SINCE, USER_RESERVE_SINCE, Setup, is_loopback

_ENCRYPTED = frozenset({"require", "verify-ca", "verify-full"})
_SHOWN = {
    "pool_size": (USER_POOL_SINCE, "pool_size"),
    "max_user_connections": (USER_POOL_SINCE, "max_connections"),
    "reserve_pool_size": (USER_RESERVE_SINCE, "reserve_pool"),
    "max_user_client_connections": (USER_RESERVE_SINCE, "max_clients"),
}


class Standing(StrEnum):
    """How a difference stands: a note cannot be helped, unknown is what the console does not show."""

    DIFFERS = "differs"
    NOTE = "note"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it should be, and what helps."""

    name: str
    wanted: str
    actual: str
    why: str
    remedy: str
    standing: Standing = Standing.DIFFERS


def check_pooler(setup: Setup, facts: PoolerFacts) -> list[Difference]:
    """Return what a running pooler, of the version that *setup* is for, has otherwise than it should."""
    return [
        *_check_version(setup, facts),
        *_check_settings(setup, facts),
        *_check_addresses(facts),
        *_check_databases(setup, facts),
        *_check_users(setup, facts),
        *_check_user_settings(setup, facts),
    ]


def check_userlist(verifiers: Mapping[str, str], text: str) -> list[Difference]:
    """Return the agents whose line in the auth_file is not what PostgreSQL has: they cannot log in."""
    written = parse_userlist(text)
    return [
        Difference(
            f"userlist.txt {role}",
            "the verifier that PostgreSQL has",
            "another one" if role in written else "no line",
            "Its password changed: it cannot log in through the pooler.",
            "pgmoat pgbouncer --output with the same folder, then RELOAD",
        )
        for role, verifier in verifiers.items()
        if written.get(role) != verifier
    ]


def _check_version(setup: Setup, facts: PoolerFacts) -> Iterator[Difference]:
    if setup.is_forgetful:
        yield Difference(
            "version",
            "neither 1.25.1 nor 1.25.2",
            facts.version_text,
            FORGETFUL[0].upper() + FORGETFUL[1:] + ".",
            "a later version, when there is one",
            Standing.NOTE,
        )


def _check_settings(setup: Setup, facts: PoolerFacts) -> Iterator[Difference]:
    for setting in list_settings(setup):
        actual = facts.config.get(setting.name)
        if actual is None or not _fits(setting, actual):
            yield Difference(
                setting.name,
                _describe(setting),
                "not known to it" if actual is None else actual or "empty",
                setting.why,
                _remedy(setting.name, setting.value, facts),
            )


def _describe(setting: Setting) -> str:
    value = setting.value or "empty"
    return {
        Rule.AT_MOST: f"at most {value}, not 0",
        Rule.AT_LEAST: f"at least {value}",
        Rule.ABOVE_ZERO: f"above 0, such as {value}",
        Rule.WITHIN: f"{value}, and nothing besides",
    }.get(setting.rule, value)


def _remedy(name: str, value: str, facts: PoolerFacts) -> str:
    line = f"{name} = {value}".rstrip() if value else f"no {name}"
    return f"{line} in pgbouncer.ini, then " + ("restart it" if name in facts.fixed else "RELOAD")


def _fits(setting: Setting, actual: str) -> bool:
    if setting.rule is Rule.FREE:
        return True
    if setting.rule is Rule.WITHIN:
        return _split(actual) <= _split(setting.value)
    if setting.rule is Rule.SAME:
        return _normalize(actual) in map(_normalize, (setting.value, *setting.others))
    number, wanted = _number(actual), _number(setting.value)
    if setting.rule is Rule.AT_LEAST:
        return number >= wanted
    return 0 < number <= wanted if setting.rule is Rule.AT_MOST else number > 0


def _split(text: str) -> set[str]:
    return {part.strip() for part in text.split(",") if part.strip()}


def _normalize(text: str) -> str:
    return " ".join(text.strip().rstrip(";").upper().split())


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _check_addresses(facts: PoolerFacts) -> Iterator[Difference]:
    addresses = facts.config.get("listen_addr", "")
    mode = facts.config.get("client_tls_sslmode", "")
    remote = [address for address in sorted(_split(addresses)) if not is_loopback(address)]
    if remote and mode not in _ENCRYPTED:
        yield Difference(
            "client_tls_sslmode",
            f"require, as it listens on {', '.join(remote)}",
            mode or "disable",
            "Tokens and rows cross the network readable.",
            "--tls-cert and --tls-key; or listen_addr = 127.0.0.1",
        )


def _check_databases(setup: Setup, facts: PoolerFacts) -> Iterator[Difference]:
    wanted = setup.database.name
    remedy = "[databases] as pgmoat pgbouncer writes it, then RELOAD"
    entries = [entry for entry in facts.databases if entry.name != CONSOLE]
    if wanted not in {entry.name for entry in entries}:
        why = "Agents reach the database under its own name."
        yield Difference(f"database {wanted}", "there", "missing", why, remedy)
    for entry in entries:
        name = f"database {entry.name}"
        if entry.name != wanted:
            why = "Others' traffic shares the agents' pooler, or agents get to another database."
            yield Difference(name, "not there", f"leads to {entry.database}", why, remedy)
            continue
        if entry.database != wanted:
            why = "Agents reach another database than they name."
            yield Difference(f"{name} dbname", wanted, entry.database, why, remedy)
        if entry.force_user:
            why = "All agents become one role; nothing tells them apart."
            yield Difference(f"{name} user", "none", entry.force_user, why, remedy)
        if entry.pool_mode not in {"", "transaction"}:
            why = "It comes before the pooler's pool_mode."
            yield Difference(f"{name} pool_mode", "transaction", entry.pool_mode, why, remedy)
        for key, size in (("pool_size", entry.pool_size), ("reserve_pool", entry.reserve_pool)):
            general = facts.number("default_pool_size" if key == "pool_size" else "reserve_pool_size")
            if size != general:
                why = "It comes before the pooler's own."
                yield Difference(f"{name} {key}", f"not set ({general})", str(size), why, remedy)


def _check_users(setup: Setup, facts: PoolerFacts) -> Iterator[Difference]:
    known = {user.name for user in facts.users}
    agents = {pool.role for pool in setup.pools}
    stats, admins = (_split(facts.config.get(name, "")) for name in ("stats_users", "admin_users"))
    remedy = "pgmoat pgbouncer --output writes auth_file, then RELOAD"
    for role in sorted(agents - known):
        yield Difference(f"user {role}", "in auth_file", "missing", "The agent cannot come in.", remedy)
    for name in sorted(known - agents - stats - admins - {CONSOLE}):
        why = "Who is no agent comes in here, and waits behind agents: people's traffic belongs elsewhere."
        yield Difference(f"user {name}", "not in auth_file", "there", why, remedy)
    for role in sorted(agents & (stats | admins)):
        why = "An agent may use the console, and see what others do."
        remedy = f"take {role} out of stats_users and admin_users, then RELOAD"
        yield Difference(f"user {role}", "not on the console", "in stats_users or admin_users", why, remedy)


def _check_user_settings(setup: Setup, facts: PoolerFacts) -> Iterator[Difference]:
    if not setup.has(USER_POOL_SINCE):
        yield Difference(
            "[users]",
            "; ".join(
                f"{user.role}: " + " ".join(f"{key}={value}" for key, value in user.values)
                for user in list_user_settings(setup)
            ),
            "not shown",
            f"The console of PgBouncer {facts.version_text} does not show what a user has of its own.",
            "look at [users] in pgbouncer.ini",
            Standing.UNKNOWN,
        )
        return
    users = {user.name: user for user in facts.users}
    for wanted in list_user_settings(setup):
        user = users.get(wanted.role)
        if user is not None:
            yield from _compare_user(setup, user, dict(wanted.values))


def _compare_user(setup: Setup, user: PooledUser, values: Mapping[str, int]) -> Iterator[Difference]:
    for key, value in values.items():
        since, attribute = _SHOWN.get(key, (None, ""))
        if since is None or not setup.has(since):
            continue
        actual: int | None = getattr(user, attribute)
        if actual != value:
            yield Difference(
                f"user {user.name} {key}",
                str(value),
                "not set" if actual is None else str(actual),
                "What the policy's pool and connections of this agent come to.",
                f"{user.name} = {key}={value} … in [users], then RELOAD",
            )
