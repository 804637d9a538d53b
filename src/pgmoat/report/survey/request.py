"""
A request for a catalog of named relations, without a policy.

In: names. Out: a CatalogRequest. I/O: none.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from pgmoat.model.names import SystemRoles


@dataclass(frozen=True, slots=True)
class SurveyColumn:
    """A column whose codes are to be counted, as one that has a value map."""

    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SurveyEntity:
    """A table to read in full."""

    table: str
    columns: Mapping[str, SurveyColumn | None] = field(default_factory=dict[str, SurveyColumn | None])


@dataclass(frozen=True, slots=True)
class SurveySettings:
    """Names of what pgmoat may have made here."""

    entity_schema: str
    agent_role_prefix: str = "agent_"
    system_roles: SystemRoles = field(default_factory=lambda: SystemRoles.with_prefix("pgmoat_"))


@dataclass(frozen=True, slots=True)
class SurveyRequest:
    """What a reader of the catalog has to be told; there are no operations and no agents yet."""

    settings: SurveySettings
    entities: Mapping[str, SurveyEntity]
    operations: Mapping[str, SurveyOperation] = field(default_factory=dict[str, "SurveyOperation"])
    agents: Mapping[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True, slots=True)
class SurveyParameter:
    """A parameter of an operation; a survey has none."""

    type: str


@dataclass(frozen=True, slots=True)
class SurveyOperation:
    """An operation; a survey has none."""

    parameters: Mapping[str, SurveyParameter]


_COUNTED = SurveyColumn({"": ""})


def request_tables(tables: Collection[str], entity_schema: str) -> SurveyRequest:
    """Return a request for all parts of *tables* (schema.table)."""
    return SurveyRequest(SurveySettings(entity_schema), {table: SurveyEntity(table) for table in tables})


def request_codes(columns: Mapping[str, Collection[str]], entity_schema: str) -> SurveyRequest:
    """Return a request for the codes of *columns*, by schema.table."""
    entities = {
        table: SurveyEntity(table, dict.fromkeys(names, _COUNTED)) for table, names in columns.items()
    }
    return SurveyRequest(SurveySettings(entity_schema), entities)
