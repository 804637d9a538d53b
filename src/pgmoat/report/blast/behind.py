"""
What stands behind relations: rules, views' own reads, triggers.

In: Names. Out: Behind. I/O: none.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property

from pgmoat.report.blast.names import Names
from pgmoat.report.blast.snapshot import CascadeFact, FunctionFact, RelationFact, RewriteFact, TriggerFact


class Behind:
    """Rules and triggers by relation."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self.snapshot = names.snapshot
        # What texts name is asked for again with every way to them.
        self.called: dict[int, tuple[FunctionFact, ...]] = {}
        self.touched: dict[int, tuple[tuple[RelationFact, str], ...]] = {}

    @cached_property
    def read_by(self) -> dict[int, dict[int, tuple[str, ...]]]:
        """What each view names: relations, and which of their columns; empty: none by name."""
        found: dict[int, dict[int, dict[str, None]]] = defaultdict(lambda: defaultdict(dict))
        for fact in self.snapshot.rewrites:
            if fact.event == "1" and fact.names == "relation" and fact.object != fact.relation:
                columns = found[fact.relation][fact.object]
                if fact.number:
                    columns[self._names.column(fact.object, fact.number)] = None
        return {
            view: {relation: tuple(columns) for relation, columns in named.items()}
            for view, named in found.items()
        }

    @cached_property
    def calls(self) -> dict[int, frozenset[int]]:
        """The functions that each view calls by itself."""
        found: dict[int, set[int]] = defaultdict(set)
        for fact in self.snapshot.rewrites:
            if fact.event == "1" and fact.names == "function":
                found[fact.relation].add(fact.object)
        return {view: frozenset(functions) for view, functions in found.items()}

    @cached_property
    def triggers_of(self) -> dict[int, list[TriggerFact]]:
        """Triggers by relation."""
        found: dict[int, list[TriggerFact]] = defaultdict(list)
        for trigger in self.snapshot.triggers:
            found[trigger.relation].append(trigger)
        return found

    @cached_property
    def cascades_of(self) -> dict[int, list[CascadeFact]]:
        """Foreign keys that act by themselves, by the relation that they refer to."""
        found: dict[int, list[CascadeFact]] = defaultdict(list)
        for cascade in self.snapshot.cascades:
            found[cascade.parent].append(cascade)
        return found

    @cached_property
    def children_of(self) -> dict[int, list[int]]:
        """Tables that inherit, by what they inherit from."""
        found: dict[int, list[int]] = defaultdict(list)
        for child, parent in self.snapshot.children:
            found[parent].append(child)
        return found

    @cached_property
    def called_by(self) -> dict[int, list[int]]:
        """SECURITY DEFINER functions in defaults, checks and policies, by relation."""
        found: dict[int, list[int]] = defaultdict(list)
        for relation, function in self.snapshot.callers:
            found[relation].append(function)
        return found

    @cached_property
    def secrets_of(self) -> dict[int, tuple[str, ...]]:
        """Catalogs that only superusers read, by the view that shows them."""
        return {fact.relation: fact.catalogs for fact in self.snapshot.secrets}

    @cached_property
    def functions_by_name(self) -> dict[tuple[str, str], list[FunctionFact]]:
        """Functions by the names of their schema and themselves: a name may have several."""
        found: dict[tuple[str, str], list[FunctionFact]] = defaultdict(list)
        for fact in self.snapshot.functions.values():
            found[self._names.schema_name(fact.schema), fact.name].append(fact)
        return found

    @cached_property
    def rules_of(self) -> dict[int, list[RewriteFact]]:
        """Rules for writes, by relation."""
        found: dict[int, list[RewriteFact]] = defaultdict(list)
        for fact in self.snapshot.rewrites:
            if fact.event != "1" and fact.is_enabled:
                found[fact.relation].append(fact)
        return found

    @cached_property
    def relations_by_name(self) -> dict[tuple[str, str], RelationFact]:
        """Every relation by the names of its schema and itself."""
        return {
            (self._names.schema_name(fact.schema), fact.name): fact
            for fact in self.snapshot.relations.values()
        }

    @cached_property
    def relation_names(self) -> frozenset[str]:
        """The names of all relations, whatever their schema."""
        return frozenset(fact.name for fact in self.snapshot.relations.values())
