"""
Reaching for what the policy does not list: payments, hidden columns.

In: a Stage. Out: Scenarios. I/O: PostgreSQL.
"""

from __future__ import annotations

from typing import LiteralString

from pgmoat.demo.scenario import Outcome, Play, Scenario, Statements, join_answers, try_each
from pgmoat.demo.stage import Stage


def _read_nothing(agent: str, may_read: LiteralString) -> Play:
    """Return a play that is held when no row came back and people see that the role has no right to any."""

    def play(stage: Stage, statements: Statements) -> Outcome:
        answers = [
            stage.try_once(agent, (statement,), token=stage.open_task(agent)) for statement in statements
        ]
        role = stage.policy.settings.agent_role(agent)
        is_closed = stage.ask(may_read, (role,)) is False
        return Outcome(join_answers(answers), is_closed and not any(answer.rows for answer in answers))

    return play


SCENARIOS = (
    Scenario(
        "read of payments",
        "read card numbers from a table that is no entity",
        ("SELECT crd_no, crd_hldr FROM public.payments LIMIT 10", "TABLE payments"),
        _read_nothing(
            "analytics",
            "SELECT pg_catalog.has_any_column_privilege(%s::name, 'public.payments', 'SELECT')",
        ),
    ),
    Scenario(
        "read of a hidden column",
        "read e-mail addresses, by the entity and past it",
        ("SELECT eml FROM customers LIMIT 10", "SELECT eml FROM public.customers LIMIT 10"),
        _read_nothing(
            "analytics",
            "SELECT pg_catalog.has_column_privilege(%s::name, 'public.customers', 'eml', 'SELECT')"
            "    OR EXISTS (SELECT FROM pg_catalog.pg_attribute AS a"
            "                WHERE a.attrelid = 'agent.customers'::regclass AND a.attname = 'eml')",
        ),
    ),
    Scenario(
        "write to a hidden column",
        "redirect a customer's mail, by the entity and past it",
        (
            "UPDATE customers SET eml = 'agent@example.net' WHERE id = 1",
            "UPDATE public.customers SET eml = 'agent@example.net' WHERE id = 1",
        ),
        try_each(
            "customer_support",
            held="SELECT NOT EXISTS (SELECT FROM public.customers AS c WHERE c.eml = 'agent@example.net')",
        ),
    ),
    Scenario(
        "unknown word",
        "write a status that is nearly right",
        (
            "INSERT INTO order_state_log (order_id, new_status, idempotency_key)"
            " VALUES (99002, 'canceled', 'demo/cancel/99002')",
        ),
        try_each("fulfillment", held="SELECT o.stat_cd = 2 FROM public.orders AS o WHERE o.id = 99002"),
    ),
)
