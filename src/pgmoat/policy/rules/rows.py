"""
Whether ``rows:`` can be read, and leads to entities that are scoped themselves.

In: Policy. Out: findings. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.model.finding import Finding
from pgmoat.policy.messages import suggest
from pgmoat.policy.rows import EXAMPLE, RowRules, RowsSyntaxError, parse_rows
from pgmoat.policy.rules.entities import error
from pgmoat.policy.schema import Policy


def check_rows(policy: Policy, known: frozenset[str]) -> Iterator[Finding]:
    """Yield what is wrong with ``rows:``; *known* are the entities, broken ones as well."""
    rules: dict[str, RowRules] = {}
    for name, entity in policy.entities.items():
        if entity.rows is None:
            continue
        try:
            rules[name] = parse_rows(entity.rows)
        except RowsSyntaxError as broken:
            message = f"`{broken.part}` is no rule for rows"
            yield error("rows-syntax", ("entities", name, "rows"), message, f"write {EXAMPLE}")
    for name, parsed in rules.items():
        yield from _check_references(name, parsed, rules, policy, known)
        yield from _check_cycle(name, rules)


def _check_references(
    name: str, parsed: RowRules, rules: dict[str, RowRules], policy: Policy, known: frozenset[str]
) -> Iterator[Finding]:
    here = ("entities", name, "rows")
    for rule in parsed.references:
        if rule.entity not in known:
            hint = suggest(rule.entity, known)
            yield error("unknown-entity", here, f"there is no entity `{rule.entity}`", hint)
            continue
        parent = policy.entities.get(rule.entity)
        is_open = rule.entity in rules and rules[rule.entity].is_all
        if parent is not None and (parent.rows is None or is_open):
            yield error(
                "rows-unscoped",
                here,
                f"`{rule.column} in {rule.entity}` leaves nothing out: `{rule.entity}` is not scoped",
                f"give `{rule.entity}` rows: of its own",
                also=("entities", rule.entity),
            )


def _check_cycle(name: str, rules: dict[str, RowRules]) -> Iterator[Finding]:
    """Yield a finding when following references from *name* leads back to it."""
    seen: set[str] = set()
    todo = [name]
    while todo:
        current = todo.pop()
        for rule in rules[current].references if current in rules else ():
            if rule.entity == name:
                message = f"`rows` of `{name}` leads back to itself" + (
                    f" through `{current}`" if current != name else ""
                )
                yield error(
                    "rows-cycle", ("entities", name, "rows"), message, "scope one of them by the task itself"
                )
                return
            if rule.entity not in seen:
                seen.add(rule.entity)
                todo.append(rule.entity)
