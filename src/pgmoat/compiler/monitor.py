"""
What people on call read: views over the record of agents' work, and the counters of refusals.

In: role names. Out: Definitions, Grants. I/O: reads SQL files of the package.
"""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.compiler.templates import load_template
from pgmoat.model.names import SYSTEM_SCHEMA, SystemRoles
from pgmoat.model.objects import Definition, Grant, Kind
from pgmoat.postgres import sqltext as sql
from pgmoat.postgres.sqltext import compose

# File in sql/monitor, its comment, and what it reads of what apply makes anew; that comes first.
_VIEWS: tuple[tuple[str, str, tuple[tuple[Kind, str], ...]], ...] = (
    (
        "database_time",
        "Database time of each agent, from pg_stat_statements; agent NULL is everybody else.",
        ((Kind.FUNCTION, "read_database_time()"),),
    ),
    (
        "refusals",
        "How often each agent was refused, by SQLSTATE; agent NULL is everybody else.",
        ((Kind.FUNCTION, "read_refusals()"), (Kind.FUNCTION, "refusal_codes()")),
    ),
    ("writes", "What each command wrote: agent, task, step, entity, operation, rows.", ()),
    ("writes_per_hour", "Writes by clock hour (UTC), agent, task, step.", ((Kind.VIEW, "writes"),)),
    ("deletions", "Rows that agents deleted: which, when, by whom, in which task and step, why.", ()),
    ("task_budgets", "What each task has used of its limits, and what is left.", ()),
    ("hour_budgets", "What each agent has used of its limit for the present clock hour.", ()),
)


def compile_monitor(roles: SystemRoles) -> Iterator[Definition]:
    """Yield the views, and the trigger that gives a new agent its counters of refusals."""
    yield Definition(
        kind=Kind.TRIGGER,
        name=f"{SYSTEM_SCHEMA}.agent.add_refusal_counters",
        owner=roles.owner,
        create=(load_template("triggers/add_refusal_counters").strip().removesuffix(";"),),
        drop=(f"DROP TRIGGER add_refusal_counters ON {SYSTEM_SCHEMA}.agent",),
    )
    for name, comment, needed in _VIEWS:
        view = sql.Identifier(SYSTEM_SCHEMA, name)
        yield Definition(
            kind=Kind.VIEW,
            name=f"{SYSTEM_SCHEMA}.{name}",
            owner=roles.owner,
            create=(
                load_template(f"monitor/{name}").strip().removesuffix(";"),
                compose("COMMENT ON VIEW {} IS {}", view, sql.Literal(comment)),
            ),
            drop=(compose("DROP VIEW {}", view),),
            depends_on=tuple((kind, f"{SYSTEM_SCHEMA}.{other}") for kind, other in needed),
        )


def compile_monitor_grants(roles: SystemRoles) -> Iterator[Grant]:
    """Yield who may read the views: the monitor alone."""
    for name, _, _ in _VIEWS:
        view = sql.Identifier(SYSTEM_SCHEMA, name).as_string(None)
        yield Grant("table", view, None, "SELECT", roles.monitor)
