"""
The kinds of values that stand in a policy.

In: plain data. Out: types for models, with their patterns and bounds. I/O: none.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag

from pgmoat.policy.units import DURATION_PATTERN, SIZE_PATTERN, parse_bytes, parse_milliseconds

IDENTIFIER_PATTERN = r"^[a-z_][a-z0-9_]*$"
ROLE_NAME_PATTERN = r"^[a-z][a-z0-9_]*$"
VERSION_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._]*$"
TABLE_PATTERN = r"^[^.]{1,63}\.[^.]{1,63}$"

Identifier = Annotated[str, Field(pattern=IDENTIFIER_PATTERN, max_length=63)]
"""A name that needs no quotes in SQL, so that an agent can type it as it reads it."""

AgentName = Annotated[str, Field(pattern=ROLE_NAME_PATTERN, max_length=40)]
RolePrefix = Annotated[str, Field(pattern=ROLE_NAME_PATTERN, max_length=20)]
"""With an agent's name at most 60 characters: a role name that PostgreSQL does not cut off."""

OperationName = Annotated[str, Field(pattern=ROLE_NAME_PATTERN, max_length=40)]
"""With ``op_`` and a role prefix at most 63 characters: a role name that PostgreSQL does not cut off."""

AgentVersion = Annotated[str, Field(pattern=VERSION_PATTERN, max_length=20)]
FunctionName = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*$", max_length=127)]
"""A function as schema.name, without arguments: all of that name."""

TableName = Annotated[str, Field(pattern=TABLE_PATTERN)]
ColumnName = Annotated[str, Field(min_length=1, max_length=63)]
"""A base column: whatever PostgreSQL allows in quotes."""

Milliseconds = Annotated[
    int,
    BeforeValidator(
        parse_milliseconds, json_schema_input_type=Annotated[str, Field(pattern=DURATION_PATTERN)]
    ),
    Field(gt=0, le=2_147_483_647),
]
Expiry = Annotated[
    int,
    BeforeValidator(
        parse_milliseconds, json_schema_input_type=Annotated[str, Field(pattern=DURATION_PATTERN)]
    ),
    Field(gt=0, le=3650 * 86_400_000),
]
Bytes = Annotated[
    int,
    BeforeValidator(parse_bytes, json_schema_input_type=Annotated[str, Field(pattern=SIZE_PATTERN)]),
    Field(gt=0, le=2**63 - 1),
]

TempFileSize = Annotated[
    int,
    BeforeValidator(parse_bytes, json_schema_input_type=Annotated[str, Field(pattern=SIZE_PATTERN)]),
    Field(ge=1024, le=(2**31 - 1) * 1024),
]
"""What temp_file_limit takes, which counts in kB."""


def _column_list_form(value: Any) -> str:
    return "list" if isinstance(value, list) else "all"


ColumnList = Annotated[
    Annotated[Literal["all"], Tag("all")] | Annotated[list[Identifier], Tag("list")],
    Discriminator(_column_list_form),
]


def _affects_form(value: Any) -> str:
    return "number" if isinstance(value, int) else "word"


Affects = Annotated[
    Annotated[int, Field(gt=0), Tag("number")] | Annotated[Literal["some", "any"], Tag("word")],
    Discriminator(_affects_form),
]


def as_list(value: Any) -> Any:
    """Let ``sql: UPDATE …`` stand for a list of one statement."""
    return [value] if isinstance(value, str) else value


def expand_parameter(value: Any) -> Any:
    """Let ``order_id: bigint`` stand for ``order_id: {type: bigint}``."""
    return {"type": value} if isinstance(value, str) else value


def expand_approval(value: Any) -> Any:
    """Let ``approval: always`` stand for ``approval: {}``."""
    return {} if value == "always" else value


def expand_delete(value: Any) -> Any:
    """Let ``delete: soft`` stand for ``delete: {mode: soft}``."""
    return {"mode": value} if isinstance(value, str) else value


def codes_as_text(value: Any) -> Any:
    """Let the codes of a value map be numbers or booleans, as YAML reads ``1`` and ``true``."""
    if not isinstance(value, dict):
        return value
    codes = cast("dict[Any, Any]", value)
    return {str(code).lower() if isinstance(code, bool) else str(code): codes[code] for code in codes}


class Model(BaseModel):
    """Strict and frozen: an unknown key is an error, never ignored, and no value is converted."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
