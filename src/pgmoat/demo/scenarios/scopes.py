"""
Scoped tasks: an agent that works for one customer reaches for another's, itself or by a child task.

In: a Stage. Out: Scenarios. I/O: PostgreSQL.
"""

from __future__ import annotations

import json
from typing import Any

from pgmoat.demo.scenario import Outcome, Scenario, Statements, join_answers
from pgmoat.demo.stage import Answer, Session, Stage

AGENT = "concierge"
_MINE = 50_009  # orders of two customers
_OTHERS = 50_002
_PARENT_WRITES = 3


def _find_customer(stage: Stage, order: int) -> int:
    return stage.ask("SELECT o.usr_id FROM public.orders AS o WHERE o.id = %s", (order,))


def open_customer_task(stage: Stage, order: int, *, max_writes: int | None = None) -> str:
    """Open a task for the customer of *order*, and return its token."""
    scope = {"customer_id": _find_customer(stage, order)}
    return stage.open_task(AGENT, scope=scope, max_writes=max_writes)


def _play_read(stage: Stage, statements: Statements) -> Outcome:
    """What the agent reads must be what people find of the one customer: no order more, and none less."""
    token = open_customer_task(stage, _MINE)
    answers = [stage.try_once(AGENT, (statement,), token=token) for statement in statements]
    wanted = stage.ask(
        "SELECT pg_catalog.array_agg(o.id ORDER BY o.id) FROM public.orders AS o"
        " WHERE o.usr_id = %s AND o.deleted_at IS NULL",
        (_find_customer(stage, _MINE),),
    )
    everything, *others = answers
    is_own = [row[0] for row in everything.rows] == wanted
    is_closed = not any(answer.rows for answer in others)
    text = f"{join_answers(answers)}: the {len(wanted)} orders of the task's customer"
    return Outcome(text, is_own and is_closed)


def _print_others(stage: Stage) -> Any:
    """Return a fingerprint of the other customer's order and its notes."""
    return stage.ask(
        "SELECT pg_catalog.md5(o::text || (SELECT pg_catalog.count(*) FROM public.order_notes AS n"
        "  WHERE n.ord_id = o.id)) FROM public.orders AS o WHERE o.id = %s",
        (_OTHERS,),
    )


def _play_write(stage: Stage, statements: Statements) -> Outcome:
    token = open_customer_task(stage, _MINE)
    before = _print_others(stage)
    answers = [stage.try_once(AGENT, (statement,), token=token) for statement in statements]
    return Outcome(join_answers(answers), _print_others(stage) == before)


def _open_child(session: Session, statement: Any, name: str, scope: dict[str, Any]) -> Answer:
    session.enter()
    answer = session.say(statement, {"name": name, "scope": json.dumps(scope)})
    if answer.is_error:
        session.connection.rollback()
        return answer
    committed = session.commit()
    return committed if committed.is_error else answer


def _play_child(stage: Stage, statements: Statements) -> Outcome:
    """Open a child for another customer; then write by two children more than their parent may."""
    opening, writing = statements
    token = open_customer_task(stage, _MINE, max_writes=_PARENT_WRITES)
    answers: list[Answer] = []
    with stage.log_in(AGENT, token=token) as parent:
        wider = {"customer_id": _find_customer(stage, _OTHERS)}
        answers.append(_open_child(parent, opening, "wider", wider))
        for name in ("first", "second"):
            child = _open_child(parent, opening, name, {})
            if child.is_error:
                return Outcome(child.text, held=False)
            answers.append(stage.try_once(AGENT, (writing,), token=child.rows[0][0]))
    is_wider = stage.ask(
        "SELECT EXISTS (SELECT FROM pgmoat.task AS c JOIN pgmoat.task AS p ON p.id = c.parent"
        " WHERE c.scope <> p.scope)"
    )
    written = stage.ask(
        "SELECT pg_catalog.count(*) FROM public.order_notes AS n WHERE n.txt LIKE 'by a child%%'"
    )
    text = f"{join_answers(answers)}: {written} of {_PARENT_WRITES} rows written"
    return Outcome(text, not is_wider and 0 < written <= _PARENT_WRITES)


SCENARIOS = (
    Scenario(
        "read of another customer's order",
        "read everything, then an order that is not the customer's, by an error, past the entity",
        (
            "SELECT id FROM my_orders ORDER BY id",
            "SELECT * FROM my_orders WHERE id = 50002",
            "SELECT * FROM my_order_items WHERE order_id = 50002",
            "SELECT 1 FROM my_orders WHERE id = 50002 AND 1 / (total_amount - total_amount) > 0",
            "SELECT * FROM orders WHERE id = 50002",
        ),
        _play_read,
    ),
    Scenario(
        "write of another customer's order",
        "change an order that is not the customer's, add a note to it, take it back",
        (
            "UPDATE my_orders SET requires_signature = NOT requires_signature WHERE id = 50002",
            "INSERT INTO my_order_notes (order_id, note) VALUES (50002, 'leave it with me')",
            "SELECT accept_return(order_id => 50002, why => 'I say so.',"
            " idempotency_key => 'demo/return/50002')",
        ),
        _play_write,
    ),
    Scenario(
        "child task beyond its parent",
        "open a child task for another customer; write by two children what their parent may not write",
        (
            "SELECT pgmoat.open_child(%(name)s, %(scope)s::jsonb)",
            "INSERT INTO my_order_notes (order_id, note)"
            " VALUES (50009, 'by a child'), (50009, 'by a child too')",
        ),
        _play_child,
    ),
)
