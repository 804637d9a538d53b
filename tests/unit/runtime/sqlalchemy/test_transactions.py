"""Which task a statement belongs to."""

from __future__ import annotations

import pytest

from pgmoat import errors
from pgmoat.runtime.context import TaskIdentity
from pgmoat.runtime.sqlalchemy.transactions import choose_task

FIRST = TaskIdentity("support", "T-1", "token-1")
AGAIN = TaskIdentity("support", "T-1", "token-1")
SECOND = TaskIdentity("support", "T-2", "token-2")
FOREIGN = TaskIdentity("other", "O-1", "token-3")


def test_no_task_and_the_first_one() -> None:
    assert choose_task(None, None, "support") is None
    assert choose_task(None, FIRST, "support") is FIRST


def test_a_transaction_keeps_its_task() -> None:
    assert choose_task(FIRST, None, "support") is FIRST
    assert choose_task(FIRST, AGAIN, "support") is AGAIN


def test_two_tasks_in_one_transaction() -> None:
    with pytest.raises(errors.SessionRefusedError) as caught:
        choose_task(FIRST, SECOND, "support")
    assert "T-1" in caught.value.message
    assert "token" not in str(caught.value)


def test_another_agents_task() -> None:
    with pytest.raises(errors.NoTaskError) as caught:
        choose_task(None, FOREIGN, "support")
    assert "other" in caught.value.message
    assert caught.value.hint in str(caught.value)
