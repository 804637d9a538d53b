"""
What to do about an error, in the words of a program in Python.

In: a SQLSTATE, PostgreSQL's hint. Out: the hint. I/O: none.

The database's own hints are written for whoever speaks SQL to it; where they name its functions or
settings, a caller of the runtime would not find them.
"""

from __future__ import annotations

_GIVEN = "Open the task with the token that the orchestrator got: moat.task(agent, id, token=…)"
_IN_PYTHON = {
    "PM001": f"{_GIVEN}; where this process is the orchestrator, with moat.task(agent, id).",
    "PM006": "Leave the isolation level at READ COMMITTED.",
    "PM007": "Leave statement_timeout as the policy has it: take no SET and no option of the connection.",
    "PM008": "Leave tokens out of statements: moat.task(agent, id, token=…) binds its own. Open another task"
    " if others may have read this one's.",
    "PM009": "One transaction, one task: end its block before the block of another one.",
    "PM019": f"{_GIVEN}. An agent with `tasks: claimed` in the policy may also claim another id.",
    "PM020": "Pass reason=… to write(), or run it inside of `with task.step(…, reason=…)`.",
    "PM027": "Write the column idempotency_key as :idempotency_key, which is the key of the write; or give it"
    " a text that stays the same in a retry.",
    "PM040": "Pass key=…: 1 to 200 characters, the same whenever this call is repeated, another for another"
    " purpose.",
    "PM042": "It has been done: read the present state. To do it once more on purpose, pass a new key=….",
    "PM046": "Give the parameter a value that is not None.",
    "PM049": "Read the present state: the earlier write stands. To write once more on purpose, pass a new"
    " key=….",
    "PM050": "Outside of a transaction(), write() has it held, and a person is asked. Pieces count too.",
    "PM053": "Repeat it outside of a transaction() with the same key: it is held anew, as it would be now.",
    "25P02": "A statement before failed: leave the block and repeat the whole of it.",
}


def guide(sqlstate: str | None, given: str) -> str:
    """Return the hint that Python needs; *given*, which is PostgreSQL's, where that fits as it is."""
    return _IN_PYTHON.get(sqlstate or "", given)
