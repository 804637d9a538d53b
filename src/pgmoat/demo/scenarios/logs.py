"""
Event logs: steps that the policy does not know, steps from a state of yesterday, editing what was logged.

In: a Stage. Out: Scenarios. I/O: PostgreSQL.
"""

from __future__ import annotations

from typing import LiteralString

import psycopg

from pgmoat.demo.scenario import Outcome, Scenario, Statements, join_answers, try_each
from pgmoat.demo.stage import Answer, Stage, answer_from

_LOG_TABLE = "pgmoat.log_order_state_log"
_FINGERPRINT = (
    "SELECT pg_catalog.md5(pg_catalog.string_agg(l::text, ',' ORDER BY l.event_id))"
    " FROM pgmoat.log_order_state_log AS l"
)


def _play_stale_step(stage: Stage, statements: Statements) -> Outcome:
    """Support takes the step that is legal from both states, but fulfillment was there first."""
    first, second = statements
    answers = (
        stage.try_once("fulfillment", (first,), token=stage.open_task("fulfillment")),
        stage.try_once("customer_support", (second,), token=stage.open_task("customer_support")),
    )
    held = stage.ask("SELECT o.stat_cd = 2 FROM public.orders AS o WHERE o.id = 99702")
    return Outcome(join_answers(answers), held is True)


def _say_as_owner(stage: Stage, statement: LiteralString) -> Answer:
    """Run *statement* as the role that owns the log, with ordinary triggers switched off."""
    owner = f"{stage.policy.settings.system_role_prefix}owner"
    try:
        with stage.people.transaction():
            stage.people.execute("SET LOCAL session_replication_role = replica")
            stage.people.execute("SELECT pg_catalog.set_config('role', %s, true)", (owner,))
            cursor = stage.people.execute(statement)
    except psycopg.Error as error:
        return answer_from(error)
    return Answer(cursor.statusmessage or "")


def _play_edit(stage: Stage, statements: Statements) -> Outcome:
    """Log a step as an agent does; then the agent, and after it the owner of the table, edit it."""
    agent = "fulfillment"
    step, *edits = statements
    stage.try_once(agent, (step,), token=stage.open_task(agent))
    before = stage.ask(_FINGERPRINT)
    answers = [
        _say_as_owner(stage, edit)
        if _LOG_TABLE in edit
        else stage.try_once(agent, (edit,), token=stage.open_task(agent))
        for edit in edits
    ]
    held = before is not None and stage.ask(_FINGERPRINT) == before
    return Outcome(join_answers(answers), held)


def _play_undo(stage: Stage, statements: Statements) -> Outcome:
    """Take a wrong step and take it back; the log then has both, and still tells what was in between."""
    agent = "customer_support"
    *steps, look_back = statements
    answers = [stage.try_once(agent, (step,), token=stage.open_task(agent)) for step in steps]
    moment = stage.ask(
        "SELECT pg_catalog.min(l.changed_at) FROM pgmoat.log_order_state_log AS l WHERE l.order_id = 99704"
    )
    with stage.log_in(agent, token=stage.open_task(agent)) as session:
        session.enter()
        seen = session.say(look_back, {"moment": moment})
    held = stage.ask(
        "SELECT o.stat_cd = 1"
        "   AND (SELECT pg_catalog.array_agg(l.previous_status || '>' || l.new_status ORDER BY l.event_id)"
        "               = ARRAY['pending>cancelled', 'cancelled>pending']"
        "           AND pg_catalog.max(l.undoes) = pg_catalog.min(l.event_id)"
        "          FROM pgmoat.log_order_state_log AS l WHERE l.order_id = o.id)"
        "  FROM public.orders AS o WHERE o.id = 99704"
    )
    text = f"{join_answers(answers)}; in between it was {', '.join(row[0] for row in seen.rows) or seen.text}"
    return Outcome(text, held is True and seen.rows == (("cancelled",),))


SCENARIOS = (
    Scenario(
        "illegal step",
        "deliver an order that was never packed, by an event and past the log",
        (
            "INSERT INTO order_state_log (order_id, new_status, idempotency_key)"
            " VALUES (99701, 'delivered', 'demo/deliver/99701')",
            "UPDATE orders SET fulfillment_status = 'delivered' WHERE id = 99701",
        ),
        try_each(
            "fulfillment",
            held="SELECT o.stat_cd = 1 AND NOT EXISTS"
            " (SELECT FROM pgmoat.log_order_state_log AS l WHERE l.order_id = o.id)"
            " FROM public.orders AS o WHERE o.id = 99701",
        ),
    ),
    Scenario(
        "stale step",
        "cancel an order as pending, which another agent has begun to pack meanwhile",
        (
            "INSERT INTO order_state_log (order_id, new_status, idempotency_key)"
            " VALUES (99702, 'processing', 'demo/pack/99702')",
            "INSERT INTO order_state_log (order_id, previous_status, new_status, idempotency_key)"
            " VALUES (99702, 'pending', 'cancelled', 'demo/cancel/99702')",
        ),
        _play_stale_step,
    ),
    Scenario(
        "edit of the event log",
        "change and delete what was logged, as the agent, and as the owner of the table with triggers off"
        " (who disables this trigger by name is seen by pgmoat plan)",
        (
            "INSERT INTO order_state_log (order_id, new_status, idempotency_key)"
            " VALUES (99703, 'processing', 'demo/pack/99703')",
            "UPDATE order_state_log SET changed_by = 'somebody else'",
            "DELETE FROM order_state_log",
            "UPDATE pgmoat.log_order_state_log SET changed_by = 'somebody else'",
            "DELETE FROM pgmoat.log_order_state_log",
            "TRUNCATE pgmoat.log_order_state_log",
        ),
        _play_edit,
    ),
    Scenario(
        "undo",
        "take a wrong step back: the order is as before; the log keeps both events, and what was in between",
        (
            "INSERT INTO order_state_log (order_id, new_status, idempotency_key)"
            " VALUES (99704, 'cancelled', 'demo/cancel/99704')",
            "SELECT * FROM order_state_log_undo(99704, 'it was another order', 'demo/undo/99704')",
            "SELECT status FROM order_state_log_at(%(moment)s, for_order_id => 99704)",
        ),
        _play_undo,
    ),
)
