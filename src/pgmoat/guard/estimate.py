"""
Judge a plan before it is run: too expensive, too many rows.

In: a plan as EXPLAIN (FORMAT JSON) gives it, ceilings. Out: Problem or none. I/O: none.

EXPLAIN shows what each step gives when it is run once and to its end. The inner side of a nested loop is run
for each row of the outer side, and below a LIMIT a step stops early, unless something above it (a sort, a
hash) wants all of its rows first: rows and cost are reckoned with both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast

from pgmoat.guard.problem import Problem

_BLOCKING = frozenset({"Sort", "Hash", "SetOp", "Recursive Union", "ModifyTable"})
_KEEPING = frozenset({"Materialize", "Memoize"})  # what is below is not run again
_Plan = dict[str, object]


@dataclass(frozen=True, slots=True)
class Ceilings:
    """The policy's ``guard.cost`` and ``guard.plan_rows``; None: any. *entities*: by the table below them."""

    cost: int | None
    rows: int | None
    entities: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class _Extent:
    """A node of the plan, how often it is run, and which part of its rows is asked for each time."""

    node: _Plan
    runs: float
    part: float

    @property
    def rows(self) -> float:
        """Rows in all runs."""
        return _number(self.node, "Plan Rows") * self.part * self.runs

    @property
    def cost(self) -> float:
        """Cost of all runs, with what is below."""
        start = _number(self.node, "Startup Cost")
        return (start + (_number(self.node, "Total Cost") - start) * self.part) * self.runs


@dataclass(frozen=True, slots=True)
class _Step:
    """A node of the plan with what it gives in all."""

    node: _Plan
    rows: float
    own_cost: float  # without the steps below
    runs: float
    depth: int


def judge_plan(plan: object, ceilings: Ceilings) -> Problem | None:
    """
    Return why *plan* should not be run, None if it may.

    A plan that cannot be read is refused, unless nothing is asked of it.
    """
    if ceilings.cost is None and ceilings.rows is None:
        return None
    try:
        root = _find_root(plan)
        cost = _number(root, "Total Cost")
        steps = list(_list_steps(_Extent(root, 1.0, 1.0), 0))
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError):
        rule = "cost" if ceilings.cost is not None else "plan_rows"
        return Problem(
            rule, "the plan cannot be read, so it cannot be judged", "simplify the statement", None
        )
    return _judge_rows(steps, ceilings) or _judge_cost(cost, steps, ceilings)


def _judge_rows(steps: list[_Step], ceilings: Ceilings) -> Problem | None:
    ceiling = ceilings.rows
    beyond = [step for step in steps if ceiling is not None and step.rows > ceiling]
    if ceiling is None or not beyond:
        return None
    # What decodes a value may be run more often than the entity has rows: an agent can do nothing about it.
    worst = max(beyond, key=lambda step: (_reads_entity(step.node, ceilings.entities), step.rows, step.depth))
    times = f" in {_show(worst.runs)} runs" if worst.runs > 1 else ""
    message = (
        f"{_describe(worst.node, ceilings.entities)} expects {_show(worst.rows)} rows{times},"
        f" more than guard.plan_rows allows ({_show(ceiling)})"
    )
    return Problem("plan_rows", message, _advise(worst), None)


def _judge_cost(cost: float, steps: list[_Step], ceilings: Ceilings) -> Problem | None:
    ceiling = ceilings.cost
    if ceiling is None or cost <= ceiling:
        return None
    worst = max(steps, key=lambda step: (step.own_cost, step.depth))
    message = (
        f"the plan costs {_show(cost)}, more than guard.cost allows ({_show(ceiling)});"
        f" {_describe(worst.node, ceilings.entities)} alone costs {_show(worst.own_cost)}"
    )
    return Problem("cost", message, _advise(worst), None)


def _list_steps(extent: _Extent, depth: int) -> Iterator[_Step]:
    """Yield the step and all below it."""
    below = list(_list_children(extent))
    own_cost = max(0.0, extent.cost - sum(child.cost for child in below))
    yield _Step(extent.node, extent.rows, own_cost, extent.runs, depth)
    for child in below:
        yield from _list_steps(child, depth + 1)


def _list_children(parent: _Extent) -> Iterator[_Extent]:
    """Yield the steps below one, each with how often and how far it is run."""
    node, name = parent.node, parent.node["Node Type"]
    part = 1.0 if _wants_all(node) else parent.part
    outer_rows = 1.0
    for child in cast("list[_Plan]", node.get("Plans", [])):
        whole = _Extent(child, 1.0, 1.0)
        match child.get("Parent Relationship"):
            case "InitPlan":
                yield whole
            case "SubPlan":
                yield _Extent(child, _count_calls(parent, whole), 1.0)
            case "Inner" if name == "Nested Loop":
                runs = parent.runs * outer_rows * parent.part
                yield _Extent(child, max(1.0, runs), min(1.0, runs))
            case "Outer" if name == "Limit":
                wanted = _number(node, "Plan Rows") / max(1.0, _number(child, "Plan Rows"))
                yield _Extent(child, parent.runs, part * min(1.0, wanted))
            case _ if name == "Merge Join":  # stops where one side ends: its cost shows how far it comes
                reached = parent.cost / parent.runs / max(1.0, whole.cost)
                yield _Extent(child, parent.runs, min(part, reached))
            case _ if name in _KEEPING:
                yield _Extent(child, 1.0, part)
            case _:
                yield _Extent(child, parent.runs, part)
        if child.get("Parent Relationship") == "Outer":
            outer_rows = max(1.0, _number(child, "Plan Rows"))


def _wants_all(node: _Plan) -> bool:
    """Return whether a step reads all rows below it before it gives one."""
    name = node["Node Type"]
    return name in _BLOCKING or (name == "Aggregate" and node.get("Strategy") != "Sorted")


def _count_calls(parent: _Extent, query: _Extent) -> float:
    """Return how often a subquery that depends on the row is run: EXPLAIN does not say, its cost does."""
    name = str(query.node.get("Subplan Name"))
    if any(isinstance(value, str) and f"hashed {name}" in value for value in parent.node.values()):
        return 1.0
    return max(1.0, parent.cost / max(1.0, query.cost))


def _find_root(plan: object) -> _Plan:
    first = cast("list[object]", plan)[0] if isinstance(plan, list) else plan
    return cast("_Plan", cast("_Plan", first)["Plan"])


def _number(node: _Plan, name: str) -> float:
    value = node[name]
    if not isinstance(value, int | float):
        raise TypeError(name)
    return float(value)


def _describe(node: _Plan, entities: Mapping[str, str]) -> str:
    """Return a step as EXPLAIN's text form names it: ``Seq Scan on orders o``; a table as its entity."""
    name = str(node["Node Type"])
    if name == "Aggregate":
        name = {"Sorted": "GroupAggregate", "Hashed": "HashAggregate"}.get(str(node.get("Strategy")), name)
    if "Index Name" in node and "Relation Name" in node:
        name += f" using {node['Index Name']}"
    source = _find_source(node)
    if source is None:
        below = list(dict.fromkeys(_list_sources(node, entities)))
        return f"{name} over {_list(below)}" if below else name
    if source in entities:  # the alias is the view's own
        return f"{name} on {entities[source]}"
    alias = node.get("Alias", source)
    return f"{name} on {source}" if alias == source else f"{name} on {source} {alias}"


def _reads_entity(node: _Plan, entities: Mapping[str, str]) -> bool:
    return _find_source(node) in entities or any(_list_sources(node, entities))


def _list_sources(node: _Plan, entities: Mapping[str, str]) -> Iterator[str]:
    """Yield what is read below a step, as far as it is agents' to know."""
    for child in cast("list[_Plan]", node.get("Plans", [])):
        source = _find_source(child)
        if source is not None and source in entities:
            yield entities[source]
        yield from _list_sources(child, entities)


def _find_source(node: _Plan) -> str | None:
    source = node.get("Relation Name") or node.get("Function Name") or node.get("CTE Name")
    return None if source is None else str(source)


def _list(names: list[str]) -> str:
    return ", ".join(names[:3]) + (", …" if len(names) > 3 else "")


def _advise(step: _Step) -> str:
    name = str(step.node["Node Type"])
    if step.node.get("Parent Relationship") == "SubPlan":
        return "join instead of a subquery for each row, or give its condition an index"
    if name == "Nested Loop" or step.runs > 1:
        return "join on indexed columns, or narrow the tables down with WHERE first"
    if "Join" in name:
        return "check the join's condition, and narrow the tables down with WHERE"
    if "Scan" in name:
        return "add a WHERE on an indexed column, narrow the range, or LIMIT without ORDER BY"
    return "narrow the range with WHERE, or aggregate less"


def _show(value: float) -> str:
    return f"{value:,.0f}"
