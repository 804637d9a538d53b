"""
A policy in the making: what init proposes, and beside it what a person has to know or decide.

I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal


class Kind(StrEnum):
    """What a remark is: a person must decide, init has guessed, or it is only said."""

    DECIDE = "DECIDE"
    GUESS = "guess"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Remark:
    """A comment above a key."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A line that is commented out: it works once the mark of the comment is taken away."""

    line: str
    why: str


@dataclass(frozen=True, slots=True)
class DraftColumn:
    """A base column, listed or commented out."""

    base: str
    name: str
    doc: str = ""
    values: tuple[tuple[str, str], ...] = ()
    references: str | None = None  # an entity
    hidden: str = ""  # why it is commented out; empty when it is listed
    hidden_for: str = ""  # the same in a word or two, to be counted: email, name…
    remarks: tuple[Remark, ...] = ()

    @property
    def is_listed(self) -> bool:
        """Whether agents would see it."""
        return not self.hidden

    @property
    def has_unknown_codes(self) -> bool:
        """Whether words of its value map are still to be found."""
        return any(word.startswith("TODO_") for _, word in self.values)


@dataclass(frozen=True, slots=True)
class DraftEntity:
    """A table as agents would see it."""

    name: str
    table: str  # schema.table
    columns: tuple[DraftColumn, ...]
    doc: str = ""
    delete: Literal["soft", "forbid"] = "forbid"
    delete_columns: Mapping[str, str] = field(default_factory=dict[str, str])  # key of delete: to base column
    rows: str | None = None
    remarks: tuple[Remark, ...] = ()
    rows_remarks: tuple[Remark, ...] = ()  # above rows:
    delete_remarks: tuple[Remark, ...] = ()  # above delete:, or where it would stand
    suggestions: tuple[Suggestion, ...] = ()  # at its end

    @property
    def schema(self) -> str:
        """The schema of its table."""
        return self.table.partition(".")[0]

    @property
    def listed(self) -> tuple[DraftColumn, ...]:
        """The columns that agents would see."""
        return tuple(column for column in self.columns if column.is_listed)

    def column(self, base: str) -> DraftColumn | None:
        """Return the named base column, or None."""
        return next((column for column in self.columns if column.base == base), None)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A relation that is no entity, and why."""

    table: str
    why: str
    is_rejected: bool = False  # a table that agents might need, but plan refuses


@dataclass(frozen=True, slots=True)
class DraftAccess:
    """What an agent may do with an entity, besides reading all of it."""

    entity: str
    update: tuple[str, ...] = ()  # entity names of columns
    delete: bool = False


@dataclass(frozen=True, slots=True)
class DraftAgent:
    """An agent as a starting point."""

    name: str
    doc: str
    accesses: tuple[DraftAccess, ...]
    connections: int
    timeouts: Mapping[str, str]
    limits: Mapping[str, int | str]
    approval: Mapping[str, int | str] = field(default_factory=dict[str, int | str])
    remarks: tuple[Remark, ...] = ()
    reads_all: bool = False  # a new entity is added to it

    @property
    def writes(self) -> bool:
        """Whether it may change anything."""
        return any(access.update or access.delete for access in self.accesses)


@dataclass(frozen=True, slots=True)
class DraftAccept:
    """Something that every role reaches through PUBLIC."""

    object: str
    why: str


@dataclass(frozen=True, slots=True)
class Draft:
    """The whole proposal."""

    database: str
    entities: tuple[DraftEntity, ...] = ()
    agents: tuple[DraftAgent, ...] = ()
    accept: tuple[DraftAccept, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    remarks: tuple[Remark, ...] = ()  # about the whole
    notes: tuple[str, ...] = ()  # what could not be read

    def entity(self, name: str) -> DraftEntity | None:
        """Return the named entity, or None."""
        return next((entity for entity in self.entities if entity.name == name), None)

    def all_remarks(self) -> Iterator[Remark]:
        """Yield every remark, wherever it stands."""
        yield from self.remarks
        for entity in self.entities:
            yield from entity.remarks
            yield from entity.rows_remarks
            yield from entity.delete_remarks
            for column in entity.columns:
                yield from column.remarks
        for agent in self.agents:
            yield from agent.remarks
