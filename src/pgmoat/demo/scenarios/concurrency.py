"""
Getting in each other's way: locks on people's tables, two agents on one row.

In: a Stage. Out: Scenarios. I/O: PostgreSQL.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import LiteralString

from pgmoat.demo.scenario import Outcome, Play, Scenario, Statements, join_answers
from pgmoat.demo.stage import Answer, Session, Stage

_BLOCKED_WITHIN_S = 1.5
_STOCK = "SELECT p.stk_qty FROM public.products AS p WHERE p.id = 77"


def _stay_open(agent: str, people_write: LiteralString, table: str) -> Play:
    """
    Return a play that is held when people still write while the agent's transaction is open.

    A refused statement is undone to a savepoint, so that whatever lock it got before would stay.
    """

    def play(stage: Stage, statements: Statements) -> Outcome:
        with stage.log_in(agent, token=stage.open_task(agent)) as session:
            session.enter()
            answers = [session.say_in_savepoint(statement) for statement in statements]
            can_write = stage.can_people_write(people_write)
            is_locked = stage.has_strong_lock(session.pid, table)
        return Outcome(join_answers(answers), can_write and not is_locked)

    return play


def _wait_until_blocked(stage: Stage, pid: int) -> None:
    """Return when backend *pid* waits for a lock, or after a while: the counter shows what came of it."""
    deadline = time.monotonic() + _BLOCKED_WITHIN_S
    while time.monotonic() < deadline:
        if stage.ask("SELECT pg_catalog.cardinality(pg_catalog.pg_blocking_pids(%s)) > 0", (pid,)):
            return
        time.sleep(0.01)


def _write_with_retry(session: Session, statement: LiteralString) -> tuple[list[Answer], int]:
    """Return the answers, and how many commits went through: a row that has moved is tried once more."""
    answers: list[Answer] = []
    for _ in range(2):
        session.enter()
        answers.append(session.say(statement))
        if not answers[-1].is_error:
            ended = session.commit()
            return answers, 0 if ended.is_error else 1
        session.connection.rollback()
        if answers[-1].sqlstate != "40001":
            break
    return answers, 0


def _play_increments(stage: Stage, statements: Statements) -> Outcome:
    """The second agent reads before the first commits and writes after: the counter must show both."""
    agent = "fulfillment"
    before = stage.ask(_STOCK)
    with (
        stage.log_in(agent, token=stage.open_task(agent)) as first,
        stage.log_in(agent, token=stage.open_task(agent)) as second,
        ThreadPoolExecutor(max_workers=1) as executor,
    ):
        first.enter()
        first_answer = first.say(statements[0])
        waiting = executor.submit(_write_with_retry, second, statements[0])
        _wait_until_blocked(stage, second.pid)
        first_commits = 0 if first_answer.is_error or first.commit().is_error else 1
        second_answers, second_commits = waiting.result()
    after = stage.ask(_STOCK)
    commits = first_commits + second_commits
    said = ", then ".join(answer.text for answer in second_answers)
    text = f"the second: {said}; {commits} commits took the counter from {before} to {after}"
    return Outcome(text, commits == 2 and after == before + commits)


SCENARIOS = (
    Scenario(
        "LOCK TABLE",
        "lock an entity for everybody else, and stay in the transaction",
        ("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE", "LOCK TABLE public.orders IN SHARE MODE"),
        _stay_open(
            "customer_support", "UPDATE public.orders SET upd_ts = now() WHERE id = 40001", "public.orders"
        ),
    ),
    Scenario(
        "SELECT FOR UPDATE",
        "lock rows that people want to write, and stay in the transaction",
        (
            "SELECT * FROM products WHERE id = 78 FOR UPDATE",
            "SELECT * FROM orders WHERE id = 40002 FOR NO KEY UPDATE",
        ),
        _stay_open(
            "fulfillment", "UPDATE public.products SET stk_qty = stk_qty + 1 WHERE id = 78", "public.products"
        ),
    ),
    Scenario(
        "two agents, one row",
        "increment the same counter at the same time: no update is lost",
        ("UPDATE products SET units_in_stock = units_in_stock + 1 WHERE id = 77",),
        _play_increments,
    ),
)
