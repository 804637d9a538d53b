"""
What agents are there for: work within their limits goes through. Without it, refusing everything would do.

In: a Stage. Out: Scenarios. I/O: PostgreSQL.
"""

from __future__ import annotations

from typing import Any

from pgmoat.demo.scenario import Outcome, Scenario, Statements
from pgmoat.demo.stage import Stage

_INDEX = "orders_stat_cd_idx"


def _play_shipping(stage: Stage, statements: Statements) -> Outcome:
    answer = stage.try_once("fulfillment", statements, token=stage.open_task("fulfillment"))
    is_done = stage.ask(
        "SELECT o.stat_cd = 5 AND o.trk_no = 'TRK-DEMO' AND"
        "       EXISTS (SELECT FROM pgmoat.history AS h"
        "                WHERE h.entity = 'orders' AND h.key ->> 'id' = '99001' AND h.agent = 'fulfillment'"
        "                  AND h.before ->> 'fulfillment_status' = 'processing'"
        "                  AND h.after ->> 'fulfillment_status' = 'shipped')"
        "  FROM public.orders AS o WHERE o.id = 99001"
    )
    return Outcome(answer.text, is_done is True)


def _list_indexes(plan: dict[str, Any]) -> set[str]:
    """Return the names of all indexes that an EXPLAIN (FORMAT JSON) node and those below it use."""
    names = {plan["Index Name"]} if "Index Name" in plan else set[str]()
    return names.union(*(_list_indexes(child) for child in plan.get("Plans", ())))


def _play_filter(stage: Stage, statements: Statements) -> Outcome:
    with stage.log_in("analytics", token=stage.open_task("analytics")) as session:
        session.enter()
        found = session.say(statements[0])
        plan = session.say("EXPLAIN (FORMAT JSON) " + statements[0])
    if found.is_error or plan.is_error:
        return Outcome(found.text if found.is_error else plan.text, held=False)
    indexes = _list_indexes(plan.rows[0][0][0]["Plan"])
    rows = found.rows[0][0]
    wanted = stage.ask("SELECT pg_catalog.count(*) FROM public.orders AS o WHERE o.stat_cd = 8")
    used = f"by index {', '.join(sorted(indexes))}" if indexes else "without an index"
    return Outcome(f"{rows} of {wanted} rows found {used}", _INDEX in indexes and rows == wanted)


SCENARIOS = (
    Scenario(
        "honest work",
        "ship an order, as the agent should: the status follows the event, and history has it",
        (
            "INSERT INTO order_state_log (order_id, new_status, reason, idempotency_key)"
            " VALUES (99001, 'shipped', 'the carrier took it', 'demo/ship/99001')",
            "UPDATE orders SET tracking_number = 'TRK-DEMO', shipped_at = now(), last_modified_at = now()"
            " WHERE id = 99001",
        ),
        _play_shipping,
    ),
    Scenario(
        "filter on a decoded column",
        "find the rare orders by a word that the table stores as a code: still by index",
        ("SELECT count(*) FROM orders WHERE fulfillment_status = 'returned'",),
        _play_filter,
    ),
)
