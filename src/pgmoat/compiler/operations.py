"""
Operations: a NOLOGIN role and a function each, with exactly the rights that the policy lists.

In: Policy, Catalog. Out: Roles, Definitions, Grants, Checks. I/O: reads SQL templates of the package.

The function belongs to the operation's role and reaches the entity views only. So everything that stands
before an agent's own SQL stands before an operation too: the gate, the triggers, the limits, the history.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pgmoat.catalog.snapshot import Catalog, TypeName
from pgmoat.compiler.templates import load_template
from pgmoat.compiler.writes import PINS
from pgmoat.model.names import SYSTEM_SCHEMA
from pgmoat.model.objects import Check, Definition, Grant, Kind, Role
from pgmoat.policy.rules.operations import KEY_PARAMETER
from pgmoat.policy.schema import OperationPolicy, Policy
from pgmoat.policy.statement import parse_statement, scan
from pgmoat.postgres import sqltext as sql
from pgmoat.postgres.sqltext import Printed, compose, dollar_quote, join

_CALLED = (
    "gate(text)",
    "scope(text)",
    "count_refusal(text)",
    "refuse_precondition(text,integer,text)",
    "begin_operation(text,text,boolean,bigint,jsonb,text[])",
    "finish_operation(bigint,bigint,bigint,bigint,jsonb,boolean)",
)
_CALLED_TO_HOLD = (
    "weigh_operation(bigint,bigint,text,bigint)",
    "hold_operation(bigint,jsonb,jsonb,bigint)",
)
# What a session may set, and what the policy's SQL would then mean something else by.
_MEANINGS = (
    ("TimeZone", "UTC"),
    ("standard_conforming_strings", "on"),
    ("transform_null_equals", "off"),
    ("array_nulls", "on"),
    ("gin_fuzzy_search_limit", "0"),
)
_JSON = frozenset(("json", "jsonb"))
_MOST_WORDS = 300  # characters of a condition that a person is shown as the reason


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation with the types of its parameters as PostgreSQL prints them."""

    name: str
    policy: OperationPolicy
    types: Mapping[str, TypeName]  # by parameter, in the policy's order
    role: str
    schema: str
    callers: tuple[str, ...]  # agents' roles

    @property
    def signature(self) -> str:
        """The function with its argument types, as regprocedure prints it."""
        types = [found.name for found in self.types.values()]
        function = sql.Identifier(self.name).as_string(None)
        function = self.name if function == f'"{self.name}"' else function
        return f"{self.schema}.{function}({','.join([*types, 'text'])})"

    def bind(self, source: str) -> Printed:
        """Return SQL of the policy with its parameters as ``$n``."""
        return Printed(parse_statement(source, (*self.policy.parameters, KEY_PARAMETER)).text)


def resolve_operations(policy: Policy, catalog: Catalog) -> tuple[Operation, ...]:
    """Return every operation of *policy*, which must have passed the checks against *catalog*."""
    return tuple(
        Operation(
            name=name,
            policy=operation,
            types={key: catalog.types[parameter.type] for key, parameter in operation.parameters.items()},
            role=policy.settings.operation_role(name),
            schema=policy.settings.entity_schema,
            callers=tuple(
                policy.settings.agent_role(agent_name)
                for agent_name, agent in policy.agents.items()
                if name in agent.operations
            ),
        )
        for name, operation in policy.operations.items()
    )


def compile_operation_role(operation: Operation) -> Role:
    """Return the role that the operation runs as; nobody logs in as it, and nobody is a member."""
    return Role(operation.role, is_agent=False, comment=f"pgmoat: runs operation {operation.name}")


def compile_operation_grants(operation: Operation) -> Iterator[Grant]:
    """Yield what the role needs besides the entities, and who may call the function."""
    schemas = {SYSTEM_SCHEMA, operation.schema}
    schemas |= {found.schema for found in operation.types.values() if found.schema != "pg_catalog"}
    for schema in sorted(schemas):
        yield Grant("schema", sql.Identifier(schema).as_string(None), None, "USAGE", operation.role)
    called = _CALLED if operation.policy.approval is None else (*_CALLED, *_CALLED_TO_HOLD)
    for function in called:
        yield Grant("function", f"{SYSTEM_SCHEMA}.{function}", None, "EXECUTE", operation.role)
    for caller in operation.callers:
        yield Grant("function", operation.signature, None, "EXECUTE", caller)


def compile_operation(operation: Operation) -> Definition:
    """Return the function, owned by the operation's role."""
    parts = {
        "function": Printed(operation.signature),
        "role": sql.Identifier(operation.role),
        "schema": sql.Identifier(operation.schema),
    }
    return Definition(
        kind=Kind.FUNCTION,
        name=operation.signature,
        owner="",
        create=(
            compose(
                load_template("operation/function").strip().removesuffix(";"),
                function=sql.Identifier(operation.schema, operation.name),
                parameters=join(_list_parameters(operation)),
                settings=join(_list_settings(operation), "\n"),
                body=dollar_quote(_render_body(operation)),
            ),
            compose(
                "COMMENT ON FUNCTION {function} IS {doc}", doc=sql.Literal(_describe(operation)), **parts
            ),
            # Who is to own a function must be able to create it; for no longer than this takes.
            compose("GRANT CREATE ON SCHEMA {schema} TO {role}", **parts),
            compose("ALTER FUNCTION {function} OWNER TO {role}", **parts),
            compose("REVOKE CREATE ON SCHEMA {schema} FROM {role}", **parts),
        ),
        drop=(compose("DROP FUNCTION {function}", **parts),),
    )


def compile_checks(operation: Operation) -> Iterator[Check]:
    """Yield what has PostgreSQL look at each piece of the operation's SQL when the policy is applied."""
    policy = operation.policy
    for number, precondition in enumerate(policy.require, start=1):
        condition = sql.SQL("SELECT (\n{}\n) IS TRUE").format(operation.bind(precondition.that))
        yield _check(operation, f"precondition {number}", condition)
    if policy.approval is not None and policy.approval.when is not None:
        condition = sql.SQL("SELECT (\n{}\n) IS NOT FALSE").format(operation.bind(policy.approval.when))
        yield _check(operation, "approval", condition)
    for number, statement in enumerate(policy.sql, start=1):
        yield _check(operation, f"statement {number}", operation.bind(statement))
    if policy.returns is not None:
        yield _check(operation, "returns", operation.bind(policy.returns))
    validate = compose(
        "DO {}",
        dollar_quote(
            sql.SQL("BEGIN PERFORM pg_catalog.plpgsql_validator({}::pg_catalog.regprocedure); END").format(
                sql.Literal(operation.signature)
            )
        ),
    )
    yield Check(f"operation {operation.name}", operation.role, _search_path(operation.schema), validate)


def _check(operation: Operation, what: str, statement: sql.Composable) -> Check:
    types = [*(Printed(found.name) for found in operation.types.values()), Printed("text")]  # the key is last
    listed = sql.SQL(" ({})").format(join(types))
    nulls = sql.SQL(" ({})").format(join(sql.SQL("NULL") for _ in types))
    return Check(
        f"operation {operation.name}, {what}",
        operation.role,
        _search_path(operation.schema),
        compose(
            load_template("operation/check").strip(),
            prepare=sql.Literal(compose("PREPARE pgmoat_check{} AS\n{}", listed, statement)),
            explain=sql.Literal(compose("EXPLAIN EXECUTE pgmoat_check{}", nulls)),
        ),
    )


def _search_path(schema: str) -> str:
    return compose("pg_catalog, {}, pg_temp", sql.Identifier(schema))


def _list_parameters(operation: Operation) -> Iterator[sql.Composable]:
    for name, parameter in operation.policy.parameters.items():
        default = sql.SQL(" DEFAULT NULL" if parameter.optional else "")
        yield sql.SQL("{} {}{}").format(sql.Identifier(name), Printed(operation.types[name].name), default)
    yield sql.SQL("{} text DEFAULT NULL").format(sql.Identifier(KEY_PARAMETER))


def _list_settings(operation: Operation) -> Iterator[sql.Composable]:
    yield sql.SQL("SET search_path = {}").format(Printed(_search_path(operation.schema)))
    for name, value in (*_MEANINGS, *PINS):
        yield sql.SQL("SET {} = {}").format(sql.Identifier(name.lower()), sql.Literal(value))


def _render_body(operation: Operation) -> sql.Composable:
    policy = operation.policy
    least, most = (policy.affects, policy.affects) if isinstance(policy.affects, int) else (None, None)
    required = [name for name, parameter in policy.parameters.items() if not parameter.optional]
    approval = policy.approval
    return sql.SQL(load_template("operation/body" if approval is None else "operation/held_body")).format(
        rule=_render_rule(operation),
        rows_without_word=sql.Literal(None if approval is None else approval.rows),
        held_ms=sql.Literal(None if approval is None else approval.expires),
        operation=sql.Literal(operation.name),
        key=Printed(f"${len(policy.parameters) + 1}"),
        is_key_required=sql.Literal(policy.idempotency == "required"),
        expires_ms=sql.Literal(policy.expires),
        request=sql.SQL("pg_catalog.jsonb_build_object({})").format(join(_list_request(operation))),
        required=sql.Literal(required) if required else sql.SQL("ARRAY[]::text[]"),
        preconditions=join(_list_preconditions(operation), ""),
        statements=join((sql.SQL("{};\n").format(operation.bind(text)) for text in policy.sql), ""),
        returns=sql.SQL("")
        if policy.returns is None
        else sql.SQL(load_template("operation/returns")).format(statement=operation.bind(policy.returns)),
        least_rows=sql.Literal(1 if policy.affects == "some" else least),
        most_rows=sql.Literal(most),
    )


def _render_rule(operation: Operation) -> sql.Composable:
    """Return what finds out whether a rule asks for a person's word whatever the call writes."""
    approval = operation.policy.approval
    if approval is None or (approval.when is None and approval.rows is not None):
        return sql.SQL("")
    condition, words = sql.SQL("true"), "the policy asks for a person's word on every call"
    if approval.when is not None:
        condition, words = operation.bind(approval.when), describe_condition(approval.when)
    return sql.SQL(load_template("operation/rule")).format(condition=condition, rule=sql.Literal(words))


def describe_condition(source: str) -> str:
    """Return a condition for people: parameters without the colon, on one line."""
    pieces = [token.text[1:] if token.kind == "name" else token.text for token in scan(source, [])]
    text = " ".join("".join(pieces).split())
    return text if len(text) <= _MOST_WORDS else f"{text[: _MOST_WORDS - 1]}…"


def _list_request(operation: Operation) -> Iterator[sql.Composable]:
    """Yield name and value of each parameter: one value has one form, and no two share it."""
    for number, (name, found) in enumerate(operation.types.items(), start=1):
        value = f"${number}"
        if found.name == "numeric":
            value = f"pg_catalog.trim_scale({value})"  # 1.0 and 1.00 are one number
        elif found.name in _JSON:
            # JSON's null is a value; without the array it could not be told from a missing one.
            value = f"CASE WHEN {value} IS NOT NULL THEN pg_catalog.jsonb_build_array({value}) END"
        yield sql.SQL("{}, {}").format(sql.Literal(name), Printed(value))


def _list_preconditions(operation: Operation) -> Iterator[sql.Composable]:
    for number, precondition in enumerate(operation.policy.require, start=1):
        yield sql.SQL(load_template("operation/precondition")).format(
            that=operation.bind(precondition.that),
            operation=sql.Literal(operation.name),
            number=sql.Literal(number),
            message=sql.Literal(precondition.message),
        )


def _describe(operation: Operation) -> str:
    """Return the function's comment: the doc, then a line for each parameter."""
    policy = operation.policy
    lines = [policy.doc] if policy.doc else []
    for name, parameter in policy.parameters.items():
        optional = ", optional" if parameter.optional else ""
        doc = f": {parameter.doc}" if parameter.doc else ""
        lines.append(f"{name} ({operation.types[name].name}{optional}){doc}")
    lines.append(f"{KEY_PARAMETER} (text, {policy.idempotency}): the same for every retry of one call")
    return "\n".join(lines)
