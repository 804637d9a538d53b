"""
Working without a task, with a false one, or after its end.

In: a Stage. Out: Scenarios. I/O: PostgreSQL.
"""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Generator

from pgmoat.demo.scenario import Outcome, Scenario, Statements, join_answers, try_each
from pgmoat.demo.stage import Stage

_SHORT_TASK_MS = 1_000


def _play_forged_token(stage: Stage, statements: Statements) -> Outcome:
    """A true task is open meanwhile: a forged token must not find it."""
    stage.open_task("fulfillment")
    forged = f"moat_{secrets.token_hex(32)}"
    with stage.log_in("fulfillment", token=forged) as session:
        entered = session.try_enter()
        session.connection.rollback()
        # Past enter(): put the token where the gate looks for it.
        session.say("SELECT set_config('pgmoat.token', %s, true)", (forged,))
        answer = session.say(statements[1])
        if not answer.is_error:
            session.commit()
    held = stage.ask("SELECT o.trk_no IS NULL FROM public.orders AS o WHERE o.id = 99003")
    return Outcome(join_answers((entered, answer)), held is True)


def _play_stolen_token(stage: Stage, statements: Statements) -> Outcome:
    """The token is true, but belongs to another agent's task."""
    stolen = stage.open_task("fulfillment")
    with stage.log_in("customer_support", token=stolen) as session:
        entered = session.try_enter()
        session.connection.rollback()
        session.say("SELECT set_config('pgmoat.token', %s, true)", (stolen,))
        answer = session.say(statements[1])
        if not answer.is_error:
            session.commit()
    held = stage.ask(
        "SELECT NOT EXISTS (SELECT FROM public.order_notes AS n WHERE n.txt = 'with a stolen token')"
    )
    return Outcome(join_answers((entered, answer)), held is True)


def _play_copy(stage: Stage, statements: Statements) -> Outcome:
    with stage.log_in("customer_support") as session:
        answer = session.copy_in(statements[0], "42\tcopied without a task\n")
        if not answer.is_error:
            session.commit()
    held = stage.ask(
        "SELECT NOT EXISTS (SELECT FROM public.order_notes AS n WHERE n.txt = 'copied without a task')"
    )
    return Outcome(answer.text, held is True)


def _play_lifted_timeout(stage: Stage, statements: Statements) -> Outcome:
    answer = stage.try_once("fulfillment", statements, token=stage.open_task("fulfillment"))
    held = stage.ask("SELECT o.trk_no IS NULL FROM public.orders AS o WHERE o.id = 99004")
    return Outcome(answer.text, held is True)


def _play_expired_task(stage: Stage, statements: Statements) -> Outcome:
    """Enter in time, think for too long, and write."""
    token = stage.open_task("fulfillment", duration_ms=_SHORT_TASK_MS)
    with stage.log_in("fulfillment", token=token) as session:
        session.enter()
        time.sleep(_SHORT_TASK_MS / 1_000)
        answer = session.say(statements[0])
        if not answer.is_error:
            answer = session.commit()
    held = stage.ask("SELECT o.trk_no IS NULL FROM public.orders AS o WHERE o.id = 99005")
    return Outcome(answer.text, held is True)


@contextlib.contextmanager
def _frozen(stage: Stage, agent: str) -> Generator[None]:
    """
    Keep *agent* frozen for the time of the block.

    ``pgmoat freeze`` would also end its open transactions; here only the database's own wall is tried.
    """
    stage.people.execute("SELECT pgmoat.freeze_agent(%s, 'the demo freezes it')", (agent,))
    try:
        yield
    finally:
        stage.people.execute("SELECT pgmoat.thaw_agent(%s)", (agent,))


def _play_freeze(stage: Stage, statements: Statements) -> Outcome:
    """Freeze between two statements of one session, and before the COMMIT of another."""
    agent = "fulfillment"
    with (
        stage.log_in(agent, token=stage.open_task(agent)) as going_on,
        stage.log_in(agent, token=stage.open_task(agent)) as committing,
    ):
        for session, row in ((going_on, 99006), (committing, 99007)):
            session.enter()
            session.connection.execute(statements[0], {"id": row})
        with _frozen(stage, agent):
            next_statement = going_on.say(statements[0], {"id": 99008})
            if not next_statement.is_error:
                going_on.commit()
            answers = (next_statement, committing.commit())
    held = stage.ask("SELECT NOT EXISTS (SELECT FROM public.orders AS o WHERE o.trk_no = 'FROZEN')")
    return Outcome(join_answers(answers), held is True)


_ENTER = "SELECT pgmoat.enter(%s)"

SCENARIOS = (
    Scenario(
        "forged task token",
        "enter with a made-up token, then put it past enter() where the gate looks",
        (_ENTER, "UPDATE orders SET tracking_number = 'FORGED' WHERE id = 99003"),
        _play_forged_token,
    ),
    Scenario(
        "another agent's token",
        "enter with the true token of another agent's task",
        (_ENTER, "INSERT INTO order_notes (order_id, note) VALUES (42, 'with a stolen token')"),
        _play_stolen_token,
    ),
    Scenario(
        "INSERT without a task",
        "write without entering a task",
        ("INSERT INTO order_notes (order_id, note) VALUES (42, 'inserted without a task')",),
        try_each(
            "customer_support",
            held="SELECT NOT EXISTS (SELECT FROM public.order_notes AS n"
            " WHERE n.txt = 'inserted without a task')",
            in_task=False,
        ),
    ),
    Scenario(
        "COPY without a task",
        "load rows without entering a task",
        ("COPY order_notes (order_id, note) FROM STDIN",),
        _play_copy,
    ),
    Scenario(
        "lifted statement_timeout",
        "switch the timeout off, then write: noticed (SQL that means to can hide it from the gate;"
        " the wall for time is the watchdog, which comes later)",
        ("SET LOCAL statement_timeout = 0", "UPDATE orders SET tracking_number = 'SLOW' WHERE id = 99004"),
        _play_lifted_timeout,
    ),
    Scenario(
        "expired task",
        "go on after the task's deadline, in a transaction that began before it",
        ("UPDATE orders SET tracking_number = 'LATE' WHERE id = 99005",),
        _play_expired_task,
    ),
    Scenario(
        "frozen in mid-session",
        "go on, or COMMIT what was written before, after a person froze the agent",
        ("UPDATE orders SET tracking_number = 'FROZEN' WHERE id = %(id)s",),
        _play_freeze,
    ),
)
