"""A task that runs in a circle is frozen."""

from __future__ import annotations

import time

import psycopg

from tests.integration.watchdog.conftest import Post
from tests.moat_fixtures import Moat, enter, refused


def test_the_same_statement_again_and_again(post: Post, moat: Moat, route: str) -> None:
    token, other = moat.open_task("circling", f"L-{route}"), moat.open_task("circling", f"O-{route}")
    ended = 0
    with post.watch(), refused("PM004") as caught:
        for number in range(100):
            try:
                with moat.connect("circling", route=route) as agent, agent.transaction():
                    enter(agent, token)
                    agent.execute(f"/*task_id='L-{route}'*/ SELECT count(*) FROM notes".encode())
                    agent.execute(f"/*task_id='O-{route}'*/ SELECT {number}".encode())
                    agent.execute(f"/*task_id='L-{route}'*/ SELECT count(*) FROM notes".encode())
                    time.sleep(0.3)
            except psycopg.Error as error:
                if error.sqlstate == "PM004":
                    raise
                ended += 1  # by the freeze, which ends what is open; the next one is refused
    assert ended <= 1
    assert "the same statement 4 times within a minute, 3 are allowed" in str(caught.value)
    frozen, *others = post.incidents("agent, task_id, kind, action")
    assert frozen == ("circling", f"L-{route}", "repeats", "frozen")
    assert {action for _, _, _, action in others} <= {"terminated"}  # what was open then
    with moat.task("circling", other, route=route) as agent:
        agent.execute("SELECT count(*) FROM notes")


def test_a_task_that_is_not_there(post: Post, moat: Moat) -> None:
    with post.watch() as running, moat.connect("circling") as agent:
        for _ in range(100):
            agent.execute(b"/*task_id='nowhere'*/ SELECT 1")
            time.sleep(0.3)
            if running.incidents:
                break
        time.sleep(1)
    ((action, detail),) = post.incidents("action, detail")
    assert (action, "no task" in detail["why"] or "nowhere" in detail["why"]) == ("failed", True)
