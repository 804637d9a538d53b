"""
The scenarios of the demo, in the order in which they are played.

I/O: none.
"""

from __future__ import annotations

from pgmoat.demo.scenario import Scenario
from pgmoat.demo.scenarios import (
    concurrency,
    deletion,
    destruction,
    hidden,
    limits,
    logs,
    operations,
    scopes,
    tasks,
    work,
)

SCENARIOS: tuple[Scenario, ...] = (
    *work.SCENARIOS,
    *destruction.SCENARIOS,
    *limits.SCENARIOS,
    *hidden.SCENARIOS,
    *deletion.SCENARIOS,
    *tasks.SCENARIOS,
    *scopes.SCENARIOS,
    *logs.SCENARIOS,
    *operations.SCENARIOS,
    *concurrency.SCENARIOS,
)
