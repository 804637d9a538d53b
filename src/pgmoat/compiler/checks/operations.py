"""
Check operations against the database: the types of their parameters, their names.

In: Policy, Catalog. Out: Findings. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.catalog.snapshot import Catalog
from pgmoat.compiler.checks.wording import suggest_name
from pgmoat.model.finding import Finding, Severity
from pgmoat.policy.schema import Policy

_PLAIN_KINDS = frozenset("bderm")
_COMMON = (
    "bigint", "boolean", "bytea", "date", "double precision", "integer", "interval", "jsonb", "numeric",
    "real", "smallint", "text", "time", "timestamp", "timestamptz", "uuid",
)  # fmt: skip
_ALIASES = {
    "string": "text",
    "str": "text",
    "number": "numeric",
    "long": "bigint",
    "int64": "bigint",
    "double": "double precision",
    "datetime": "timestamptz",
    "object": "jsonb",
}


def check_operations(policy: Policy, catalog: Catalog) -> Iterator[Finding]:
    """Yield what keeps the operations' functions from being made; their SQL is PostgreSQL's to check."""
    for name, operation in policy.operations.items():
        path = ("operations", name)
        if name in catalog.taken_functions:
            yield Finding(
                Severity.ERROR,
                "operation-name-taken",
                path,
                f"PostgreSQL has a function {name} of its own, which a call might reach instead",
                "choose another name",
            )
        for key, parameter in operation.parameters.items():
            here = (*path, "parameters", key)
            found = catalog.types.get(parameter.type)
            if found is None:
                wrong = parameter.type
                hint = suggest_name(wrong, _COMMON)
                if wrong.lower() in _ALIASES:
                    hint = f"did you mean {_ALIASES[wrong.lower()]}?"
                hint = hint or "a type outside pg_catalog is written with its schema"
                yield Finding(Severity.ERROR, "missing-type", here, f"there is no type {wrong}", hint)
            elif found.kind not in _PLAIN_KINDS:
                message = f"{found.name} cannot be the type of a parameter"
                yield Finding(Severity.ERROR, "parameter-kind", here, message, "take a plain type")
