"""
Whether a question, asked again, has the same answer.

In: trees. Out: claims. I/O: none.
"""

from __future__ import annotations

from pgmoat.guard.diagnose.probe import Case
from pgmoat.guard.parse import Node
from pgmoat.guard.rewrite import find
from pgmoat.guard.rules.functions import load_builtins

VOLATILE = frozenset(
    {"array_sample", "array_shuffle", "clock_timestamp", "gen_random_uuid", "random", "random_normal"}
    | {"timeofday", "uuidv4", "uuidv7"}
)
"""Functions that agents may call, and that PostgreSQL calls anew for each row."""


def is_volatile(case: Case, node: Node) -> bool:
    """Return whether *node* calls a function that may say something else each time; so may unknown ones."""
    return any(_may_vary(case, call) for call in find(node, "FuncCall"))


def _may_vary(case: Case, call: Node) -> bool:
    names = call.names("funcname")
    schema, name = names[-2] if len(names) > 1 else "", names[-1] if names else ""
    if schema in {"pgmoat", case.schema}:  # what pgmoat makes for agents is stable
        return False
    return name in VOLATILE or schema not in {"", "pg_catalog"} or name not in load_builtins()
