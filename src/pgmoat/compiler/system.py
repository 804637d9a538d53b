"""
pgmoat's own schemas, tables and functions, the same for every policy.

In: role names. Out: Migrations, Definitions, Grants. I/O: reads SQL files of the package.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files

from pgmoat.compiler.templates import load_template
from pgmoat.model.names import MAP_SCHEMA, SYSTEM_SCHEMA, WRITE_SCHEMA, SystemRoles
from pgmoat.model.objects import Definition, Grant, Kind, Migration
from pgmoat.postgres import sqltext as sql
from pgmoat.postgres.sqltext import compose

_TEXTS_OF_TASK = "text,text,timestamp with time zone,timestamp with time zone,timestamp with time zone,text"

# File in sql/functions, argument types as PostgreSQL prints them, who may call it.
_FUNCTIONS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("make_refusal_counters", "", ()),
    ("refusal_codes", "", ("monitor",)),
    ("add_refusal_counters", "", ()),
    ("count_refusal", "text", ("views", "writer")),
    ("read_refusals", "", ("monitor",)),
    ("read_database_time", "", ("monitor",)),
    ("refuse_task", f"{_TEXTS_OF_TASK},timestamp with time zone,text", ()),
    ("refuse_rows", "integer", ()),
    ("refuse_budget", "text,bigint,bigint,bigint,bigint,bigint,bigint", ()),
    ("refuse_unknown_task", "text,text", ()),
    ("refuse_ancestor", "bigint", ()),
    ("refuse_text", "text,text,integer", ()),
    ("refuse_limit", "text", ()),
    ("refuse_child", "text,text,text", ()),
    ("refuse_reopening", "text,text,text", ()),
    ("refuse_charge", "", ()),
    ("refuse_claim", "text,text", ()),
    ("refuse_opening", "text,bigint", ()),
    ("refuse_busy", "text", ()),
    ("refuse_moved", "text,jsonb", ("writer",)),
    ("refuse_value", "text,text,text,text[]", ("writer",)),
    ("refuse_delete", "text", ("writer",)),
    ("refuse_constraint", "text,text", ("writer",)),
    ("refuse_edit", "", ()),
    ("refuse_unknown_row", "text,text", ("views", "writer")),
    ("refuse_stale", "text,text,text", ("writer",)),
    ("refuse_transition", "text,text,text,text[]", ("writer",)),
    ("refuse_event_key", "text,text,timestamp with time zone", ("writer",)),
    ("refuse_undo", "text", ("views",)),
    ("session_event", "", ("views", "writer")),
    ("refuse_scope", "text,text", ()),
    ("refuse_row", "text,text[]", ("writer",)),
    ("check_agent", "text", ()),
    ("clean_step", "text", ()),
    ("check_ancestors", "bigint[]", ()),
    ("check_named", "text,text,text", ()),
    ("check_ancestor_budgets", "bigint[],bigint,bigint", ()),
    ("check_session", "", ()),
    ("gate", "text", ("agents", "views", "writer")),
    ("scope", "text", ("agents", "views", "writer")),
    ("enter", "text,text,text", ("agents",)),
    ("check_opening", "text,bigint,bigint", ()),
    ("narrow_scope", "jsonb,jsonb,boolean", ()),
    ("make_task", "text,text,text,jsonb,interval,bigint,bigint", ()),
    ("count_task", "", ()),
    ("check_expiry", "", ()),
    ("check_holds", "text,text", ()),
    ("count_holds", "", ()),
    ("claim", "text,text,text", ("agents",)),
    ("claim_named", "", ()),
    ("open_child", "text,jsonb,interval,bigint", ("agents",)),
    ("my_task", "", ("agents",)),
    ("my_changes", "bigint", ("agents",)),
    ("before_insert", "", ()),
    ("count_rows", "bigint", ("writer",)),
    ("after_write", "", ()),
    ("lease_hour", "bigint,text,timestamp with time zone,bigint,bigint,bigint", ()),
    ("charge_ancestors", "bigint[],xid8,bigint,bigint,bigint", ()),
    ("charge", "", ()),
    ("open_task", "text,text,jsonb,interval,bigint,text,text", ("orchestrator",)),
    ("close_task", "text,text", ("orchestrator",)),
    ("freeze_task", "text,text,text", ("orchestrator", "monitor")),
    ("freeze_agent", "text,text", ("orchestrator", "monitor")),
    ("thaw_task", "text,text", ()),
    ("thaw_agent", "text", ()),
    ("refuse_key", "text,text,text,timestamp with time zone", ()),
    ("refuse_parameter", "text,text", ()),
    ("refuse_affected", "text,bigint,bigint,bigint", ()),
    ("refuse_calls", "text,bigint", ()),
    ("refuse_read_only", "text", ()),
    ("refuse_approval", "text,text,text", ()),
    ("describe_held", "bigint", ()),
    ("check_held", "bigint,text,bytea", ()),
    ("shorten_changes", "jsonb,integer", ()),
    ("look_at_changes", "bigint", ()),
    ("count_own_rows", "", ()),
    ("ask_tasks", "bigint[],bigint", ()),
    ("hold", "bigint,jsonb,jsonb,bigint", ()),
    ("cipher", "bytea,bytea", ()),
    ("sign_call", "bigint,text", ()),
    ("find_call", "bigint", ()),
    # These five are granted to the operations' roles, see compiler/operations.py.
    ("refuse_precondition", "text,integer,text", ()),
    ("begin_operation", "text,text,boolean,bigint,jsonb,text[]", ()),
    ("finish_operation", "bigint,bigint,bigint,bigint,jsonb,boolean", ()),
    ("weigh_operation", "bigint,bigint,text,bigint", ()),
    ("hold_operation", "bigint,jsonb,jsonb,bigint", ()),
    ("check_idle_calls", "bigint,jsonb", ()),
    ("check_writer", "text", ()),
    ("refuse_json", "text,text,text", ()),
    ("charge_result", "bigint", ()),
    ("begin_write", "text,jsonb,text,text,text", ("agents",)),
    ("finish_write", "bigint,jsonb,boolean", ("agents",)),
    ("preview_changes", "bigint", ("agents",)),
    ("sign_preview", "bigint", ("agents",)),
    ("hold_write", "bigint,text,text,jsonb", ("agents",)),
    ("outcome", "bigint", ("agents",)),
    ("refuse_large_row", "bigint,bigint", ("agents",)),
    ("prune_operations", "interval", ("orchestrator",)),
    ("leads", "text", ("monitor",)),
    ("lead_watch", "text,integer", ("monitor",)),
    ("beat", "text,integer", ("monitor",)),
    ("record_incident", "text,text,text,text,text,text,jsonb", ("monitor",)),
    ("mark_webhook", "text,text,bigint,boolean,text", ("monitor",)),
    ("make_days", "", ()),
    ("record_samples", "text,jsonb", ("monitor",)),
    ("record_refusals", "text", ("monitor",)),
    ("decide", "bigint,bytea,boolean,text,text", ("approver",)),
)

_DEFERRED = (
    ("statement", "charge"),
    ("statement", "count_holds"),  # after the charge, by its name: all take their locks in one order
    ("task", "count_task"),
    ("approval", "check_expiry"),
)
"""Constraint triggers: tables and names."""

# What the watching and the orchestrating side may read: everything but secrets.
_READABLE: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("task", ("id", "agent", "task_id", "scope", "max_writes", "opened_at", "opened_by", "deadline",
              "closed_at", "closed_by", "frozen_at", "frozen_by", "frozen_reason",
              "origin", "parent", "ancestors")),
    ("agent", ("name", "role", "version", "identity", "statement_timeout_ms", "rows_per_statement",
               "writes_per_task", "writes_per_hour", "bytes_per_task", "task_duration_ms",
               "task_mode", "tasks_per_hour",
               "transaction_timeout_ms", "idle_timeout_ms", "repeats_per_minute", "requires_watchdog",
               "max_connections", "surge_factor", "surge_floor", "on_trip",
               "approval_statement_rows", "approval_task_rows", "approval_expires_ms",
               "frozen_at", "frozen_by", "frozen_reason", "is_hard_frozen", "retired_at")),
    ("ledger", ()),
)  # fmt: skip

_MONITORED = (
    "history", "statement", "change", "entity", "hour", "opening", "operation_call",
    "incident", "heartbeat",
    "sampling", "usage", "usage_detail", "activity", "statement_text", "unfinished", "reading", "webhook",
)  # fmt: skip


def compile_migrations() -> tuple[Migration, ...]:
    """Return the numbered migrations of pgmoat's tables, in order."""
    folder = files("pgmoat.compiler") / "sql" / "migrations"
    names = sorted(
        entry.name.removesuffix(".sql") for entry in folder.iterdir() if entry.name.endswith(".sql")
    )
    return tuple(
        Migration(int(name.split("_", 1)[0]), name.split("_", 1)[1], load_template(f"migrations/{name}"))
        for name in names
    )


def compile_schemas(roles: SystemRoles, entity_schema: str) -> tuple[Definition, ...]:
    """Return the four schemas, each owned by the role whose objects it holds."""
    owners = (
        (SYSTEM_SCHEMA, roles.owner),
        (MAP_SCHEMA, roles.owner),
        (WRITE_SCHEMA, roles.writer),
        (entity_schema, roles.views),
    )
    return tuple(
        Definition(
            kind=Kind.SCHEMA,
            name=schema,
            owner="",
            create=(
                compose(
                    "CREATE SCHEMA {schema} AUTHORIZATION {owner}",
                    schema=sql.Identifier(schema),
                    owner=sql.Identifier(owner),
                ),
                # For a schema that is there already, and went to another owner.
                compose(
                    "ALTER SCHEMA {schema} OWNER TO {owner}",
                    schema=sql.Identifier(schema),
                    owner=sql.Identifier(owner),
                ),
            ),
            drop=(compose("DROP SCHEMA {schema}", schema=sql.Identifier(schema)),),
        )
        for schema, owner in owners
    )


def compile_functions(roles: SystemRoles) -> tuple[Definition, ...]:
    """Return the system functions and the triggers that charge and check at COMMIT."""
    functions = tuple(
        Definition(
            kind=Kind.FUNCTION,
            name=f"{SYSTEM_SCHEMA}.{name}({arguments})",
            owner=roles.owner,
            create=(load_template(f"functions/{name}").strip().removesuffix(";"),),
            drop=(f"DROP FUNCTION {SYSTEM_SCHEMA}.{name}({arguments})",),
            replaces=True,
        )
        for name, arguments, _ in _FUNCTIONS
    )
    triggers = tuple(
        Definition(
            kind=Kind.TRIGGER,
            name=f"{SYSTEM_SCHEMA}.{table}.{name}",
            owner=roles.owner,
            create=(load_template(f"triggers/{name}").strip().removesuffix(";"),),
            drop=(f"DROP TRIGGER {name} ON {SYSTEM_SCHEMA}.{table}",),
        )
        for table, name in _DEFERRED
    )
    return (*functions, *triggers)


def compile_system_grants(roles: SystemRoles, agents: tuple[str, ...], entity_schema: str) -> Iterator[Grant]:
    """Yield who may use the system schemas, call its functions and read its tables."""
    yield from _compile_calls(roles, agents)
    for role in (*agents, roles.views, roles.writer, roles.orchestrator, roles.monitor, roles.approver):
        yield _use_schema(SYSTEM_SCHEMA, role)
    for role in agents:
        yield _use_schema(entity_schema, role)
    yield _use_schema(entity_schema, roles.writer)
    yield _use_schema(MAP_SCHEMA, roles.views)
    yield from _compile_reads(roles)
    for column in ("entity", "operation", "before", "after", "task_id", "reason"):
        yield Grant("table", _system_table("change"), column, "INSERT", roles.writer)
    yield Grant("table", _system_table("change"), "id", "SELECT", roles.writer)
    for column in ("role", "identity"):
        yield Grant("table", _system_table("agent"), column, "SELECT", roles.writer)


def _compile_calls(roles: SystemRoles, agents: tuple[str, ...]) -> Iterator[Grant]:
    callers = {
        "agents": agents,
        "views": (roles.views,),
        "writer": (roles.writer,),
        "orchestrator": (roles.orchestrator,),
        "monitor": (roles.monitor,),
        "approver": (roles.approver,),
    }
    for name, arguments, groups in _FUNCTIONS:
        for role in (role for group in groups for role in callers[group]):
            yield Grant("function", f"{SYSTEM_SCHEMA}.{name}({arguments})", None, "EXECUTE", role)


def _compile_reads(roles: SystemRoles) -> Iterator[Grant]:
    for column in ("kind", "name", "detail"):  # what roles are to have, for the watchdog
        yield Grant("table", _system_table("object"), column, "SELECT", roles.monitor)
    for role in (roles.orchestrator, roles.monitor):
        for table, columns in _READABLE:
            for column in columns or (None,):
                yield Grant("table", _system_table(table), column, "SELECT", role)
    for column in ("name", "leased_until"):  # the holder is the leader's secret
        yield Grant("table", _system_table("lease"), column, "SELECT", roles.monitor)
    for column in ("name", "key_columns"):  # by which a person knows a row
        yield Grant("table", _system_table("entity"), column, "SELECT", roles.approver)
    for role in (roles.monitor, roles.approver):
        yield Grant("table", _system_table("approvals"), None, "SELECT", role)
    for table in _MONITORED:
        yield Grant("table", _system_table(table), None, "SELECT", roles.monitor)


def _system_table(name: str) -> str:
    return sql.Identifier(SYSTEM_SCHEMA, name).as_string(None)


def _use_schema(schema: str, role: str) -> Grant:
    return Grant("schema", sql.Identifier(schema).as_string(None), None, "USAGE", role)
