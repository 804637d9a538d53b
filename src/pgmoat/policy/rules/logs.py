"""
Whether each event log fits its entity, and what agents get of it.

In: Policy. Out: findings. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.model.finding import Finding, PolicyPath, Severity
from pgmoat.policy.log_columns import FILLED, GIVEN
from pgmoat.policy.messages import suggest
from pgmoat.policy.rules.entities import error, find_repeats
from pgmoat.policy.schema import EntityAccess, EntityPolicy, LogPolicy, Policy

_RESERVED = ("agent", "follows", "status", "at")
_SUFFIXES = ("", "_current", "_at", "_undo")


def check_logs(policy: Policy) -> Iterator[Finding]:
    """Yield what is wrong with the logs, and with agents that would go round one."""
    taken: dict[str, PolicyPath] = {name: ("entities", name) for name in policy.entities}
    for name, entity in policy.entities.items():
        if entity.log is None:
            continue
        path = ("entities", name, "log")
        for suffix in _SUFFIXES:
            made = entity.log.name + suffix
            if made in taken:
                yield error("log-name", (*path, "name"), f"the name `{made}` is taken", also=taken[made])
            taken.setdefault(made, (*path, "name"))
        yield from _check_state(entity, entity.log, path)
        yield from _check_key(entity, entity.log, path)
        if entity.log.follow:
            yield from _check_ways_round(policy, name, entity.log)


def check_log_access(
    policy: Policy, log_name: str, access: EntityAccess, path: PolicyPath
) -> Iterator[Finding]:
    """Yield what is wrong with an agent's access to a log."""
    entity = policy.entities[policy.logs[log_name]]
    for verb, wanted in (("update", bool(access.update)), ("delete", access.delete)):
        if wanted:
            message = f"`{log_name}` is append-only: nobody can {verb} what stands in it"
            yield error("log-append-only", (*path, verb), message, "remove it; undo is a new event")
    for verb, columns in (("select", access.select), ("insert", access.insert)):
        if isinstance(columns, str):
            continue
        yield from find_repeats(columns, (*path, verb))
        # Without `key:` the names come from a primary key that only the catalog knows.
        known = {*GIVEN, *FILLED, *(entity.log.key if entity.log else ())}
        for index, column in enumerate(columns):
            if verb == "insert" and column in FILLED:
                yield error(
                    "log-column",
                    (*path, verb, index),
                    f"`{column}` is filled in by the database",
                    "remove it",
                )
            elif entity.log and entity.log.key and column not in known:
                message = f"the log has no column `{column}`"
                yield error("unknown-column", (*path, verb, index), message, suggest(column, known))


def _check_state(entity: EntityPolicy, log: LogPolicy, path: PolicyPath) -> Iterator[Finding]:
    base_names = {name: base for base, name in entity.entity_columns.items()}
    if log.state not in base_names:
        hint = suggest(log.state, base_names)
        yield error("unknown-column", (*path, "state"), f"the entity has no column `{log.state}`", hint)
        return
    words = set(entity.column(base_names[log.state]).values.values())
    for state, followers in log.transitions.items():
        here = (*path, "transitions", state)
        yield from find_repeats(followers, here)
        if state in followers:
            yield error("log-transition", here, f"`{state}` cannot follow itself", "remove it")
        if not words:
            continue
        if state not in words:
            yield error("log-state", here, f"`{state}` is no word of `{log.state}`", suggest(state, words))
        for index, follower in enumerate(followers):
            if follower not in words:
                message = f"`{follower}` is no word of `{log.state}`"
                yield error("log-state", (*here, index), message, suggest(follower, words))


def _check_key(entity: EntityPolicy, log: LogPolicy, path: PolicyPath) -> Iterator[Finding]:
    yield from find_repeats(log.key, (*path, "key"))
    for index, name in enumerate(log.key):
        if name in (*GIVEN, *FILLED, *_RESERVED):
            yield error(
                "log-key", (*path, "key", index), f"`{name}` is a column of every log", "choose another"
            )
    if log.key and entity.key and len(log.key) != len(entity.key):
        message = f"the entity's key has {len(entity.key)} columns, this has {len(log.key)}"
        yield error("log-key", (*path, "key"), message)


def _check_ways_round(policy: Policy, entity_name: str, log: LogPolicy) -> Iterator[Finding]:
    """An agent that writes the state itself leaves no event."""
    for agent_name, agent in policy.agents.items():
        access = agent.entities.get(entity_name)
        if access is None:
            continue
        here = ("agents", agent_name, "entities", entity_name)
        also = ("entities", entity_name, "log", "state")
        if access.update == "all" or log.state in access.update:
            yield error(
                "log-bypassed",
                (*here, "update"),
                f"`{log.state}` changes through `{log.name}` only",
                f"list the other columns, and grant insert on {log.name}",
                also,
            )
        if access.insert == "all" or log.state in access.insert:
            yield Finding(
                Severity.WARNING,
                "log-bypassed",
                (*here, "insert"),
                f"a new row may begin in any `{log.state}`, without an event",
                "list the other columns, and let the table's default say where a row begins",
                also,
            )
