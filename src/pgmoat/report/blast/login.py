"""
What a stolen password gives.

In: Index, the role. Out: Login. I/O: none.
"""

from __future__ import annotations

from pgmoat.report.blast.index import Index
from pgmoat.report.blast.model import Budget, Login
from pgmoat.report.blast.snapshot import HbaFact, RoleFact

_WALLS = frozenset({"temp_file_limit", "log_min_duration_statement"})
_TIMEOUTS = (
    "statement_timeout",
    "transaction_timeout",
    "idle_in_transaction_session_timeout",
    "lock_timeout",
    "idle_session_timeout",
)
_LETS_NOBODY_IN = frozenset({"reject"})


def describe_login(index: Index, role: RoleFact, budget: Budget | None) -> Login:
    """Return what somebody has who holds the password of *role*, and nothing else."""
    defaults, walls = _split_settings(index, role)
    places = _list_places(index, role)
    return Login(
        can_login=role.can_login,
        valid_until=role.valid_until,
        connection_limit=role.connection_limit,
        places=places or (),
        is_places_known=places is not None,
        needs_token=budget is not None and budget.task_mode == "issued",
        defaults=defaults,
        walls=walls,
    )


def _split_settings(index: Index, role: RoleFact) -> tuple[dict[str, str], dict[str, str]]:
    """Return the settings that sessions of the role begin with: those it may change, and those it may not."""
    found = {
        setting.name: setting.value
        for setting in index.snapshot.settings
        if setting.name in _TIMEOUTS or setting.name in _WALLS
    }
    for setting in (*index.snapshot.database_settings, *role.settings):
        name, _, value = setting.partition("=")
        found[name] = value
    walls = {name: value for name, value in found.items() if name in _WALLS}
    return {name: value for name, value in found.items() if name not in _WALLS}, walls


def _list_places(index: Index, role: RoleFact) -> tuple[str, ...] | None:
    """Return the lines of pg_hba.conf that let the role into this database; None where they are unknown."""
    if index.snapshot.hba is None:
        return None
    groups = {index.role_name(oid) for oid in index.rights.inherited(role.oid)}
    found: list[str] = []
    for line in index.snapshot.hba:
        if not _is_for(line, role.name, groups, index.snapshot.server.database):
            continue
        if line.method in _LETS_NOBODY_IN:
            found.append(f"refused: {_describe(line)}")
        else:
            found.append(_describe(line))
    return tuple(found)


def _is_for(line: HbaFact, role: str, groups: set[str], database: str) -> bool:
    is_role = any(
        user in ("all", role) or (user.startswith("+") and user[1:] in groups) or _matches(user, role)
        for user in line.users
    )
    is_database = any(
        name in ("all", database)
        or (name == "sameuser" and role == database)
        or (name in ("samerole", "samegroup") and database in groups)
        or _matches(name, database)
        for name in line.databases
    )
    return is_role and is_database


def _matches(pattern: str, name: str) -> bool:
    """Whether a regular expression of pg_hba.conf may match; in doubt it does."""
    return pattern.startswith("/") and bool(name)


def _describe(line: HbaFact) -> str:
    place = f" from {line.address}" + (f"/{line.netmask}" if line.netmask else "") if line.address else ""
    return f"{line.type}{place} by {line.method} (line {line.line})"
