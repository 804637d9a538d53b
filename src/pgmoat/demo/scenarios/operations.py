"""
Operations that are called again: all at once, and with another payload.

In: a Stage. Out: Scenarios. I/O: PostgreSQL.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier
from typing import Any, LiteralString

from pgmoat.demo.scenario import Outcome, Scenario, Statements, join_answers
from pgmoat.demo.scenarios.scopes import AGENT, open_customer_task
from pgmoat.demo.stage import Answer, Session, Stage

_CONNECTIONS = 8


def _call(session: Session, statement: LiteralString, start: Barrier) -> Answer:
    """Wait for the others, call and commit."""
    start.wait()
    session.enter()
    answer = session.say(statement)
    committed = answer if answer.is_error else session.commit()
    return committed if committed.is_error else answer


def _read_result(answer: Answer) -> dict[str, Any] | None:
    """Return what the operation answered, but for whether it was a replay."""
    if answer.is_error or not answer.rows:
        return None
    return {name: value for name, value in answer.rows[0][0].items() if name != "replayed"}


def _count_effects(stage: Stage, order: int) -> tuple[int, int]:
    """Return how many events and how many notes people find of the returned order."""
    events = stage.ask(
        "SELECT pg_catalog.count(*) FROM pgmoat.log_order_state_log AS l"
        " WHERE l.order_id = %s AND l.new_status = 'returned'",
        (order,),
    )
    notes = stage.ask(
        "SELECT pg_catalog.count(*) FROM public.order_notes AS n"
        " WHERE n.ord_id = %s AND n.txt LIKE 'Return accepted.%%'",
        (order,),
    )
    return events, notes


def _play_storm(stage: Stage, statements: Statements) -> Outcome:
    """Call from eight connections at once: one call works, and all eight are told the same."""
    order = 50_003
    token = open_customer_task(stage, order)
    start = Barrier(_CONNECTIONS)
    with ExitStack() as stack, ThreadPoolExecutor(max_workers=_CONNECTIONS) as executor:
        sessions = [stack.enter_context(stage.log_in(AGENT, token=token)) for _ in range(_CONNECTIONS)]
        calls = [executor.submit(_call, session, statements[0], start) for session in sessions]
        answers = [call.result() for call in calls]
    results = [_read_result(answer) for answer in answers]
    are_equal = results[0] is not None and all(result == results[0] for result in results)
    events, notes = _count_effects(stage, order)
    said = "the same" if are_equal else "different things"
    text = f"{join_answers(answers)}: {_CONNECTIONS} calls were told {said}; {events} event, {notes} note"
    return Outcome(text, are_equal and (events, notes) == (1, 1))


def _play_other_payload(stage: Stage, statements: Statements) -> Outcome:
    """Use a key for one order and then for another: it must neither be done nor pass for done."""
    order = 50_004
    token = open_customer_task(stage, order)
    first, second = (stage.try_once(AGENT, (statement,), token=token) for statement in statements)
    notes = stage.ask(
        "SELECT pg_catalog.array_agg(n.txt) FROM public.order_notes AS n"
        " WHERE n.ord_id = %s AND n.txt LIKE 'Return accepted.%%'",
        (order,),
    )
    is_one = _count_effects(stage, order) == (1, 1) and notes == ["Return accepted. It is broken."]
    return Outcome(join_answers((first, second)), is_one and second.is_error)


SCENARIOS = (
    Scenario(
        "retry storm",
        "call one operation from 8 connections at once with one key: done once, and all get the same answer",
        (
            "SELECT accept_return(order_id => 50003, why => 'It is too small.',"
            " idempotency_key => 'demo/return/50003')",
        ),
        _play_storm,
    ),
    Scenario(
        "same key, other payload",
        "use a key again for another request: neither done, nor taken for done",
        (
            "SELECT accept_return(order_id => 50004, why => 'It is broken.',"
            " idempotency_key => 'demo/return/50004')",
            "SELECT accept_return(order_id => 50004, why => 'It is too large.',"
            " idempotency_key => 'demo/return/50004')",
        ),
        _play_other_payload,
    ),
)
