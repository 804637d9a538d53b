"""
Writing more than a task may.

In: a Stage. Out: Scenarios. I/O: PostgreSQL.
"""

from __future__ import annotations

import secrets

from pgmoat.demo.scenario import Outcome, Scenario, Statements, try_each
from pgmoat.demo.stage import Answer, Stage

_ROWS_PER_ROUND = 40
_FIRST_ID = 10_001
_ROUNDS_BEYOND = 3


def _play_loop(stage: Stage, statements: Statements) -> Outcome:
    """Commit small statements until one is refused, or until far more was written than allowed."""
    limit = stage.limits("fulfillment").writes_per_task
    answer = Answer("")
    with stage.log_in("fulfillment", token=stage.open_task("fulfillment")) as session:
        for number in range(limit // _ROWS_PER_ROUND + _ROUNDS_BEYOND):
            first = _FIRST_ID + number * _ROWS_PER_ROUND
            session.enter()
            answer = session.say(statements[0], {"first": first, "last": first + _ROWS_PER_ROUND - 1})
            if not answer.is_error:
                answer = session.commit()
            if answer.is_error:
                break
    written = stage.ask("SELECT pg_catalog.count(*) FROM public.orders AS o WHERE o.trk_no = 'LOOP'")
    return Outcome(f"{written} rows, then {answer.text}", written <= limit)


def _play_new_tasks(stage: Stage, statements: Statements) -> Outcome:
    """Fill the budget of one claimed task after the other; the hour of the agent is the wall."""
    claim, write = statements
    limits = stage.limits("courier")
    run, answer = secrets.token_hex(4), Answer("")
    tasks = 0
    with stage.log_in("courier") as session:
        for number in range(limits.writes_per_hour // limits.writes_per_task + _ROUNDS_BEYOND):
            answer = session.say(claim, {"task": f"demo-{run}-{number}"})
            if not answer.is_error:
                answer = session.say(write, {"last": limits.writes_per_task})
            if not answer.is_error:
                answer = session.commit()
            if answer.is_error:
                break
            tasks += 1
    # An hour may end meanwhile.
    written = stage.ask(
        "SELECT COALESCE(pg_catalog.max(h.written), 0) FROM (SELECT pg_catalog.count(*) AS written"
        " FROM public.order_notes AS n WHERE n.txt = 'DODGED'"
        " GROUP BY pg_catalog.date_trunc('hour', n.crt_ts, 'UTC')) AS h"
    )
    text = f"{written} rows by {tasks} tasks, then {answer.text}"
    return Outcome(text, limits.writes_per_task < written <= limits.writes_per_hour)


SCENARIOS = (
    Scenario(
        "update of all rows",
        "forget the WHERE clause",
        ("UPDATE orders SET tracking_number = 'ALL'",),
        try_each(
            "fulfillment",
            held="SELECT NOT EXISTS (SELECT FROM public.orders AS o WHERE o.trk_no = 'ALL')",
        ),
    ),
    Scenario(
        "loop past the budget",
        "go on in small statements, each committed, beyond what the task may write",
        ("UPDATE orders SET tracking_number = 'LOOP' WHERE id BETWEEN %(first)s AND %(last)s",),
        _play_loop,
    ),
    Scenario(
        "budget dodged by set_config",
        "forge the counter, or drop the task, inside the statement that writes too much",
        (
            "WITH forged AS MATERIALIZED (SELECT set_config('pgmoat.stop_at', '9000000000', true) AS stop_at)"
            " UPDATE orders SET tracking_number = 'FORGED' FROM forged"
            " WHERE id BETWEEN 20001 AND 20060 AND stop_at <> ''",
            "WITH forged AS MATERIALIZED (SELECT set_config('pgmoat.stop_at', '9000000000', true)"
            " || set_config('pgmoat.token', '', true) AS token)"
            " UPDATE orders SET tracking_number = 'FORGED' FROM forged"
            " WHERE id BETWEEN 20101 AND 20160 AND token <> ''",
        ),
        try_each(
            "fulfillment",
            held="SELECT NOT EXISTS (SELECT FROM public.orders AS o WHERE o.trk_no = 'FORGED')",
        ),
    ),
    Scenario(
        "two entities in one CTE",
        "spread the rows over two entities in one statement",
        (
            "WITH o AS (UPDATE orders SET tracking_number = 'CTE'"
            " WHERE id BETWEEN 21001 AND 21030 RETURNING 1),"
            " p AS (UPDATE products SET units_in_stock = units_in_stock + 100000 WHERE id <= 30 RETURNING 1)"
            " SELECT (SELECT count(*) FROM o) + (SELECT count(*) FROM p)",
        ),
        try_each(
            "fulfillment",
            held="SELECT NOT EXISTS (SELECT FROM public.orders AS o WHERE o.trk_no = 'CTE')"
            " AND NOT EXISTS (SELECT FROM public.products AS p WHERE p.stk_qty >= 100000)",
        ),
    ),
    Scenario(
        "budget dodged by a new task",
        "claim a new task whenever the budget of the last one is used up",
        (
            "SELECT pgmoat.claim(%(task)s, 'demo')",
            "INSERT INTO order_notes (order_id, note)"
            " SELECT 42, 'DODGED' FROM generate_series(1, %(last)s::integer)",
        ),
        _play_new_tasks,
    ),
)
