"""A flood of one agent's calls does not reach the pool, and another agent does not notice."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from pgmoat.errors import PoolExhaustedError
from pgmoat.mcp_server.crowd import Crowd


def test_places_are_given_back_and_each_agent_has_its_own() -> None:
    crowd = Crowd(most_calls=2)
    with ExitStack() as held:
        for _ in range(2):
            held.enter_context(crowd.enter("a"))
        with pytest.raises(PoolExhaustedError) as caught, crowd.enter("a"):
            pass
        assert caught.value.as_dict()["retry_after_s"] == 1.0
        with crowd.enter("b"):
            pass
    with pytest.raises(ZeroDivisionError), crowd.enter("a"):
        raise ZeroDivisionError
    with crowd.enter("a"), crowd.enter("a"):
        pass
