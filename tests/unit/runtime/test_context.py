"""Tasks and steps: whose they are, how they nest, and where they go."""

from __future__ import annotations

import asyncio
import contextvars
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import pytest

from pgmoat.runtime.context import TaskIdentity, current_step, current_task, use_step, use_task

ONE = TaskIdentity("support", "T-1", "secret-one")
OTHER = TaskIdentity("support", "T-2", "secret-two")
NONE = ("", "")


def test_outside_of_any() -> None:
    assert current_task() is None
    assert current_step(ONE) == NONE


def test_tasks_nest() -> None:
    with use_task(ONE):
        with use_task(OTHER):
            assert current_task() is OTHER
        assert current_task() is ONE
    assert current_task() is None


def test_steps_nest() -> None:
    with use_step(ONE, "outer", "why"):
        with use_step(ONE, "inner"):
            assert current_step(ONE) == ("inner", "")
        assert current_step(ONE) == ("outer", "why")
    assert current_step(ONE) == NONE


def test_a_step_belongs_to_one_task() -> None:
    with use_step(ONE, "look up", "why"):
        assert current_step(OTHER) == NONE
        assert current_step(TaskIdentity("support", "T-1", "secret-one")) == NONE  # it opened no step
        with use_step(OTHER, "write"):
            assert current_step(OTHER) == ("write", "")
            assert current_step(ONE) == ("look up", "why")  # which goes on around it
            with use_step(ONE, "inner"):
                assert current_step(ONE) == ("inner", "")
        assert current_step(ONE) == ("look up", "why")


def test_a_block_may_be_left_in_another_context() -> None:
    """As frameworks do that enter in one thread and leave in another."""
    for block in (use_task(ONE), use_step(ONE, "look up")):
        copy_context().run(block.__enter__)
        copy_context().run(block.__exit__, None, None, None)
    assert current_task() is None


def test_an_exception_leaves_nothing_behind() -> None:
    with pytest.raises(RuntimeError), use_task(ONE), use_step(ONE, "look up"):
        raise RuntimeError
    assert current_task() is None
    assert current_step(ONE) == NONE


def test_the_token_is_not_shown() -> None:
    assert repr(ONE) == "TaskIdentity(support/T-1)"
    assert "secret" not in f"{ONE} {[ONE]}"


def test_asyncio_tasks_have_steps_of_their_own() -> None:
    async def work(name: str, ready: asyncio.Barrier) -> tuple[str, str]:
        with use_step(ONE, name):
            await ready.wait()
            return current_step(ONE)

    async def run() -> None:
        ready = asyncio.Barrier(2)
        with use_task(ONE), use_step(ONE, "outer"):
            found = await asyncio.gather(work("a", ready), work("b", ready))
            assert found == [("a", ""), ("b", "")]
            assert current_step(ONE) == ("outer", "")

    asyncio.run(run())


def test_what_is_started_inside_of_a_step_is_in_it() -> None:
    async def read() -> tuple[TaskIdentity | None, tuple[str, str]]:
        return current_task(), current_step(ONE)

    async def run() -> None:
        with use_task(ONE), use_step(ONE, "look up"):
            started = asyncio.create_task(read())
        assert current_task() is None
        assert await started == (ONE, ("look up", ""))

    asyncio.run(run())


def test_to_thread_keeps_it() -> None:
    async def run() -> None:
        with use_task(ONE), use_step(ONE, "look up"):
            assert await asyncio.to_thread(current_task) is ONE
            assert await asyncio.to_thread(current_step, ONE) == ("look up", "")

    asyncio.run(run())


def test_an_executor_loses_it_unless_it_is_passed_on() -> None:
    with ThreadPoolExecutor(1) as executor, use_task(ONE), use_step(ONE, "look up"):
        assert executor.submit(current_task).result() is None
        assert executor.submit(current_step, ONE).result() == NONE
        passed_on = contextvars.copy_context()
        assert executor.submit(passed_on.run, current_task).result() is ONE
        assert executor.submit(passed_on.run, current_step, ONE).result() == ("look up", "")
        assert executor.submit(current_task).result() is None


def test_run_in_executor_loses_it() -> None:
    async def run() -> None:
        with use_task(ONE):
            assert await asyncio.get_running_loop().run_in_executor(None, current_task) is None

    asyncio.run(run())
