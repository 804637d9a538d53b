"""
What a reader of the catalog has to be told: the names in a policy, as shapes that a Policy fits.

The parts ``policy`` and ``catalog`` do not import each other; the compiler joins them. I/O: none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from pgmoat.model.names import SystemRoles


class ColumnRequest(Protocol):
    """A column: is there a value map?"""

    @property
    def values(self) -> Mapping[str, str]:
        """Stored code to word; empty without a value map."""
        ...


class EntityRequest(Protocol):
    """An entity: its table, its columns."""

    @property
    def table(self) -> str:
        """The base table, as schema.table."""
        ...

    @property
    def columns(self) -> Mapping[str, ColumnRequest | None]:
        """Base columns."""
        ...


class ParameterRequest(Protocol):
    """A parameter of an operation: its type."""

    @property
    def type(self) -> str:
        """The type as the policy writes it."""
        ...


class OperationRequest(Protocol):
    """An operation: its parameters."""

    @property
    def parameters(self) -> Mapping[str, ParameterRequest]:
        """Parameters by name."""
        ...


class SettingsRequest(Protocol):
    """Names of what pgmoat makes."""

    @property
    def entity_schema(self) -> str:
        """Schema of the entity views: left out of the catalog."""
        ...

    @property
    def agent_role_prefix(self) -> str:
        """Prefix of the agents' role names."""
        ...

    @property
    def system_roles(self) -> SystemRoles:
        """The names of pgmoat's own roles."""
        ...


class CatalogRequest(Protocol):
    """A policy, as far as reading needs it."""

    @property
    def settings(self) -> SettingsRequest:
        """Names of what pgmoat makes."""
        ...

    @property
    def entities(self) -> Mapping[str, EntityRequest]:
        """Entities by name."""
        ...

    @property
    def operations(self) -> Mapping[str, OperationRequest]:
        """Operations by name."""
        ...

    @property
    def agents(self) -> Mapping[str, object]:
        """Agents by name."""
        ...
