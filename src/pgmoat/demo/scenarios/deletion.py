"""
Soft deletes: what stays, who did it, and that it cannot be taken back or blamed on others.

In: a Stage. Out: Scenarios. I/O: none; the plays do it.
"""

from __future__ import annotations

from pgmoat.demo.scenario import Outcome, Scenario, Statements, join_answers, try_each
from pgmoat.demo.stage import Stage


def _play_undelete(stage: Stage, statements: Statements) -> Outcome:
    """Delete an order as an agent does, then try to bring it back."""
    agent = "customer_support"
    stage.try_once(agent, ("DELETE FROM orders WHERE id = 30002",), token=stage.open_task(agent))
    answers = [stage.try_once(agent, (statement,), token=stage.open_task(agent)) for statement in statements]
    held = stage.ask("SELECT o.deleted_at IS NOT NULL FROM public.orders AS o WHERE o.id = 30002")
    return Outcome(join_answers(answers), held is True)


def _play_forgery(stage: Stage, statements: Statements) -> Outcome:
    """Say all of it in one transaction; then name somebody else past the entity."""
    agent = "customer_support"
    *disguise, past_entity = statements
    deleted = stage.try_once(agent, disguise, token=stage.open_task(agent))
    past = stage.try_once(agent, (past_entity,), token=stage.open_task(agent))
    held = stage.ask(
        "SELECT o.deleted_by = 'agent:customer_support-v2'"
        "   AND (SELECT pg_catalog.array_agg(h.agent) = ARRAY['customer_support'] FROM pgmoat.history AS h"
        "         WHERE h.entity = 'orders' AND h.operation = 'delete' AND h.key ->> 'id' = '30003')"
        "  FROM public.orders AS o WHERE o.id = 30003"
    )
    return Outcome(
        join_answers((deleted, past)) + "; the row names the agent itself" * bool(held), held is True
    )


SCENARIOS = (
    Scenario(
        "soft delete",
        "delete an order: agents no longer see it, people keep the row, with who and why",
        ("DELETE FROM orders WHERE id = 30001",),
        try_each(
            "customer_support",
            held="SELECT o.deleted_at IS NOT NULL AND o.deleted_by = 'agent:customer_support-v2'"
            " AND o.delete_reason = 'the demo tries it'"
            " AND NOT EXISTS (SELECT FROM public.active_orders AS a WHERE a.id = o.id)"
            " FROM public.orders AS o WHERE o.id = 30001",
        ),
    ),
    Scenario(
        "un-delete",
        "bring a deleted order back, by the entity and past it",
        (
            "UPDATE orders SET deleted_at = NULL WHERE id = 30002",
            "UPDATE public.orders SET deleted_at = NULL WHERE id = 30002",
        ),
        _play_undelete,
    ),
    Scenario(
        "forged deleted_by",
        "delete under another name, then write that name into the row",
        (
            "SET application_name = 'agent:fulfillment-v3'",
            "SELECT set_config('pgmoat.agent', 'fulfillment', true), set_config('role', 'none', true)",
            "DELETE FROM orders WHERE id = 30003",
            "UPDATE public.orders SET deleted_by = 'agent:fulfillment-v3' WHERE id = 30003",
        ),
        _play_forgery,
    ),
    Scenario(
        "delete without a reason",
        "delete an order without saying why, where the policy requires it",
        ("DELETE FROM orders WHERE id = 30004",),
        try_each(
            "customer_support",
            held="SELECT o.deleted_at IS NULL FROM public.orders AS o WHERE o.id = 30004",
            reason=None,
        ),
    ),
)
