"""
What one entity's checks look at: the policy, the entity, its table.

I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pgmoat.catalog.snapshot import Column, Table
from pgmoat.compiler.access import Access, list_accesses
from pgmoat.model.finding import Finding, PolicyPath, Severity
from pgmoat.policy.schema import ColumnList, ColumnPolicy, EntityPolicy, Policy


@dataclass(frozen=True, slots=True)
class Subject:
    """One entity and the table that it stands for, which exists."""

    policy: Policy
    name: str
    entity: EntityPolicy
    table: Table

    @property
    def path(self) -> PolicyPath:
        """Where the entity stands in the policy."""
        return ("entities", self.name)

    @property
    def key(self) -> tuple[str, ...]:
        """Base columns that identify a row; empty when there are none."""
        return tuple(self.entity.key) or self.table.primary_key

    @property
    def is_soft(self) -> bool:
        """Whether a DELETE marks rows of this entity."""
        return self.entity.delete.mode == "soft"

    def accesses(self) -> Iterator[Access]:
        """Yield who may do something with the entity, and what."""
        yield from list_accesses(self.policy, self.name)

    def writers(self) -> list[str]:
        """Return who may write the entity in any way."""
        return [access.holder for access in self.accesses() if access.writes]

    def listed(self) -> Iterator[tuple[Column, ColumnPolicy]]:
        """Yield each listed column that the table has, with its policy."""
        for base_name in self.entity.columns:
            column = self.table.column(base_name)
            if column is not None:
                yield column, self.entity.column(base_name)

    def base_names(self, granted: ColumnList) -> list[str]:
        """
        Return the base columns of a list of entity columns.

        ``all`` stands for every listed column that can be written: not a generated one, nor identity always.
        """
        if granted == "all":
            return [
                column.name for column, _ in self.listed() if not column.generated and column.identity != "a"
            ]
        by_entity_name = {self.entity.column(base).name or base: base for base in self.entity.columns}
        return [by_entity_name[name] for name in granted if name in by_entity_name]

    def finding(
        self, severity: Severity, code: str, message: str, hint: str = "", *, at: PolicyPath = ()
    ) -> Finding:
        """Return a finding at the entity, or at *at* below it."""
        return Finding(severity, code, (*self.path, *at), message, hint)

    def error(self, code: str, message: str, hint: str = "", *, at: PolicyPath = ()) -> Finding:
        """Return a finding that blocks the plan."""
        return self.finding(Severity.ERROR, code, message, hint, at=at)

    def warning(self, code: str, message: str, hint: str = "", *, at: PolicyPath = ()) -> Finding:
        """Return a finding that people should act on."""
        return self.finding(Severity.WARNING, code, message, hint, at=at)

    def note(self, code: str, message: str, hint: str = "", *, at: PolicyPath = ()) -> Finding:
        """Return a finding that is only said."""
        return self.finding(Severity.NOTE, code, message, hint, at=at)
