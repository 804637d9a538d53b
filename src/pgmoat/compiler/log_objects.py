"""
Event logs: an append-only table, the view that agents insert into, and projections.

In: Logs. Out: DataTables, Definitions, Grants, Rows. I/O: reads SQL templates of the package.
"""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.compiler.log import Log, load_log, load_log_body, needs_entity
from pgmoat.compiler.log_projections import compile_at, compile_current, compile_undo, name_at, name_undo
from pgmoat.compiler.templates import load_template
from pgmoat.compiler.views import describe_column
from pgmoat.compiler.writes import PINS
from pgmoat.model.names import SYSTEM_SCHEMA, WRITE_SCHEMA, SystemRoles
from pgmoat.model.objects import DataTable, Definition, Grant, Kind, Row
from pgmoat.policy.log_columns import GIVEN
from pgmoat.postgres import sqltext as sql
from pgmoat.postgres.sqltext import Composable, Printed, compose, dollar_quote, join

_DOCS = {
    "event_id": "Numbers the events; a later event of the same row has a higher one.",
    "new_status": "The state after the step. Give it.",
    "previous_status": "The state before the step, filled in by the database. "
    "Give it to be refused when it is another by now.",
    "reason": "Why.",
    "idempotency_key": "Give the same key in every retry of one step: it is written once.",
    "changed_by": "Who, filled in by the database.",
    "task_id": "In which task, filled in by the database.",
    "step": "In which step of it, filled in by the database.",
    "changed_at": "When, filled in by the database.",
    "undoes": "The event that this one takes back.",
}
_WRITTEN = (*GIVEN, "changed_by", "task_id", "step", "undoes", "agent", "follows")
_CURRENT = ("event_id", "new_status", "changed_by", "changed_at")


def compile_log_table(log: Log, roles: SystemRoles) -> DataTable:
    """Return the log's table."""
    types = join(
        (sql.SQL("{} {} NOT NULL").format(sql.Identifier(n), Printed(t)) for n, t in log.key_types), ",\n    "
    )
    parts: dict[str, Composable] = {"table": log.table, "key_columns": types, "key_names": log.names()}
    return DataTable(
        name=f"{SYSTEM_SCHEMA}.{log.table_name}",
        create=(
            compose(load_log("table"), **parts),
            compose(load_log("index"), table=log.table, key_names=log.names()),
            compose(
                "COMMENT ON TABLE {} IS {}",
                log.table,
                sql.Literal(f"Event log of {log.entity.name}.{log.policy.state}; append-only."),
            ),
            compose("ALTER TABLE {} OWNER TO {}", log.table, sql.Identifier(roles.owner)),
        ),
        shape=", ".join(f"{name} {type_name}" for name, type_name in log.key_types),
    )


def compile_log(log: Log, roles: SystemRoles) -> Iterator[Definition]:
    """Yield what keeps the table as it is, the row function, the view and the projections."""
    table_name = f"{SYSTEM_SCHEMA}.{log.table_name}"
    yield Definition(
        kind=Kind.TRIGGER,
        name=f"{table_name}.keep",
        owner=roles.owner,
        create=(
            compose(load_log("keep"), table=log.table),
            compose("ALTER TABLE {} ENABLE ALWAYS TRIGGER keep", log.table),
        ),
        drop=(compose("DROP TRIGGER keep ON {}", log.table),),
    )
    function = sql.Identifier(WRITE_SCHEMA, f"{log.name}_insert")
    yield Definition(
        kind=Kind.FUNCTION,
        name=f"{WRITE_SCHEMA}.{log.name}_insert()",
        owner=roles.writer,
        create=(
            compose(
                load_template("entity/function").strip().removesuffix(";"),
                function=function,
                settings=join(_render_settings(), "\n"),
                body=dollar_quote(_render_insert(log)),
            ),
        ),
        drop=(compose("DROP FUNCTION {}()", function),),
        replaces=True,
    )
    yield _compile_view(log, function, roles)
    yield compile_current(log, roles)
    yield compile_at(log, roles)
    if log.policy.undo:
        yield compile_undo(log, roles)


def compile_log_row(log: Log) -> Row:
    """Return the row by which the history knows the log."""
    values = {
        "base_table": f"{SYSTEM_SCHEMA}.{log.table_name}",
        "key_columns": ("event_id",),
        "doc": log.policy.doc,
        "drawn_columns": ("event_id", "task_id", "step", "changed_at", "follows"),
    }
    return Row(table="entity", name=log.name, values=values)


def compile_log_grants(log: Log, roles: SystemRoles) -> Iterator[Grant]:
    """Yield what agents and pgmoat's own roles hold on the log."""
    table, view = log.table.as_string(None), log.view.as_string(None)
    for role in (roles.views, roles.writer):
        yield Grant("table", table, None, "SELECT", role)
    for name in (*(name for name, _ in log.key), *_WRITTEN):
        yield Grant("table", table, name, "INSERT", roles.writer)
    current = sql.Identifier(log.schema, f"{log.name}_current").as_string(None)
    for role, access in log.access:
        selected, inserted = log.selected(access.select), log.insertable(access.insert)
        if access.select == "all":
            yield Grant("table", view, None, "SELECT", role)
        else:
            for name in selected:
                yield Grant("table", view, name, "SELECT", role)
        for name in inserted:
            yield Grant("table", view, name, "INSERT", role)
        if {*_CURRENT, *(name for name, _ in log.key)} <= set(selected):
            yield Grant("table", current, None, "SELECT", role)
            yield Grant("function", name_at(log), None, "EXECUTE", role)
        if inserted and log.policy.undo:
            yield Grant("function", name_undo(log), None, "EXECUTE", role)


def _compile_view(log: Log, function: Composable, roles: SystemRoles) -> Definition:
    docs = _DOCS | {name: describe_column(column) for name, column in log.key}
    return Definition(
        kind=Kind.VIEW,
        name=f"{log.schema}.{log.name}",
        owner="",
        create=(
            compose(
                load_log("view"),
                view=log.view,
                table=log.table,
                columns=_render_columns(log),
                log=sql.Literal(log.name),
                **_render_scope(log),
            ),
            compose("COMMENT ON VIEW {} IS {}", log.view, sql.Literal(log.policy.doc)),
            *(
                compose(
                    "COMMENT ON COLUMN {}.{} IS {}", log.view, sql.Identifier(name), sql.Literal(docs[name])
                )
                for name in log.columns
                if docs[name]
            ),
            *_render_triggers(log, function),
            compose("ALTER VIEW {} OWNER TO {}", log.view, sql.Identifier(roles.views)),
        ),
        drop=(compose("DROP VIEW {}", log.view),),
        depends_on=needs_entity(log),
    )


def _render_scope(log: Log) -> dict[str, Composable]:
    if not log.entity.scope:
        return dict.fromkeys(("options", "in_scope", "fence"), Printed(""))
    return {
        "options": sql.SQL(" WITH (security_barrier = true)"),
        "in_scope": sql.SQL("EXISTS (SELECT FROM {} AS e WHERE {}) AND ").format(
            log.entity_view, log.match("l", "e", is_other_entity=True)
        ),
        "fence": sql.SQL("\nOFFSET 0"),
    }


def _render_triggers(log: Log, function: Composable) -> Iterator[str]:
    for template in (
        "CREATE TRIGGER gate BEFORE INSERT ON {} FOR EACH STATEMENT EXECUTE FUNCTION pgmoat.before_insert()",
        "CREATE TRIGGER write_insert INSTEAD OF INSERT ON {} FOR EACH ROW EXECUTE FUNCTION {}()",
        # Never fires: it makes PostgreSQL say that the right is missing, not that the view cannot do it.
        "CREATE TRIGGER keep INSTEAD OF UPDATE OR DELETE ON {} FOR EACH ROW"
        " EXECUTE FUNCTION pgmoat.refuse_edit()",
        "CREATE TRIGGER record AFTER INSERT ON {} FOR EACH STATEMENT EXECUTE FUNCTION pgmoat.after_write()",
    ):
        yield compose(template, log.view, function)


def _render_insert(log: Log) -> Composable:
    columns = log.columns
    allowed = sql.SQL("CASE present {} ELSE ARRAY[]::text[] END").format(
        join(
            (
                sql.SQL("WHEN {} THEN {}::text[]").format(sql.Literal(state), sql.Literal(followers))
                for state, followers in log.policy.transitions.items()
            ),
            " ",
        )
    )
    new = [Printed(f"NEW.{sql.Identifier(name).as_string(None)}") for name, _ in log.key]
    matches_entity = log.match("NEW", "e", is_other_entity=True)
    is_required = log.policy.idempotency == "required"
    key_check = sql.SQL(
        "IF NEW.idempotency_key IS NULL THEN\n"
        "        PERFORM pgmoat.refuse_event_key({}, NULL, NULL);\n    END IF;"
    ).format(sql.Literal(log.name))
    return sql.SQL(load_log_body("insert_body")).format(
        log=sql.Literal(log.name),
        entity=sql.Literal(log.entity.name),
        table=log.table,
        entity_view=log.entity_view,
        state=sql.Identifier(log.state.name),
        key_check=key_check if is_required else Printed(""),
        matches_entity=matches_entity,
        matches_log=log.match("l", "NEW"),
        is_same_row=log.match("first", "NEW"),
        stored_columns=_render_columns(log),
        take_first=_take("first", columns),
        take_stored=_take("stored", columns),
        present_without_follow=Printed("")
        if log.policy.follow
        else sql.SQL("present := COALESCE(newest.new_status, present);"),
        allowed=allowed,
        key_names=log.names(),
        new_key=join(new),
        follow=_render_follow(log, matches_entity) if log.policy.follow else Printed(""),
        stop_early=sql.SQL(load_template("entity/stop_early").strip()),
    )


def _render_follow(log: Log, matches_entity: Composable) -> Composable:
    pairs = (
        sql.SQL("{}, NEW.{}").format(sql.Literal(column.name), sql.Identifier(name))
        for name, column in log.key
    )
    return sql.SQL(load_log_body("follow")).format(
        entity_view=log.entity_view,
        entity=sql.Literal(log.entity.name),
        state=sql.Identifier(log.state.name),
        state_type=Printed("text" if log.state.values else log.state.base.type_name),
        matches_entity=matches_entity,
        key=sql.SQL("pg_catalog.jsonb_build_object({})").format(join(pairs)),
    )


def _take(record: str, columns: tuple[str, ...]) -> Composable:
    quoted = (sql.Identifier(name).as_string(None) for name in columns)
    return Printed(" ".join(f"NEW.{name} := {record}.{name};" for name in quoted))


def _render_columns(log: Log) -> Composable:
    return join(sql.SQL("l.{}").format(sql.Identifier(name)) for name in log.columns)


def _render_settings() -> Iterator[Composable]:
    yield sql.SQL("SET search_path = pg_catalog, pg_temp")
    yield sql.SQL("SET TimeZone = 'UTC'")
    # A plan made while the log was empty must not scan a grown one.
    yield sql.SQL("SET enable_seqscan = off")
    for name, value in PINS:
        yield sql.SQL("SET {} = {}").format(sql.Identifier(name.lower()), sql.Literal(value))
