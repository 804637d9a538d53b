"""
What an agent of a small shop may name, and short ways to ask the guard.

I/O: none.
"""

from __future__ import annotations

from pgmoat.guard.allowed import Allowed
from pgmoat.guard.check import Use, check_statement
from pgmoat.guard.problem import Problem

SHOP = Allowed(
    schema="agent",
    relations=frozenset({"orders", "customers", "items", "order_state_log", "order_state_log_current"}),
    functions=frozenset({"pgmoat.my_task", "pgmoat.scope", "agent.order_state_log_at", "people.score"}),
    operations=frozenset({"refund_order"}),
)


def list_problems(text: str, use: Use = Use.READ) -> tuple[Problem, ...]:
    """Return what the guard says about *text*."""
    return check_statement(text, use, SHOP).problems


def list_rules(text: str, use: Use = Use.READ) -> list[str]:
    """Return the rules that *text* breaks, in order, each once."""
    return list(dict.fromkeys(problem.rule for problem in list_problems(text, use)))
