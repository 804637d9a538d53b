"""
What to do about an error, in the words of a model that has tools.

In: AgentErrors, the tool that was called. Out: the hint. I/O: none.

The runtime's own hints speak to a program in Python, which passes a key or opens a task. A model has tools
with arguments; a task is given to its connection, by a person.
"""

from __future__ import annotations

from pgmoat.errors import AgentError, ApprovalRequiredError, ConnectionFailedError, Error
from pgmoat.mcp_server.sessions import TASK_HINT
from pgmoat.mcp_server.tool import Tool
from pgmoat.runtime.hints import is_about_json

_WRONG_TASK = f"{TASK_HINT}. The one that is given is out of date, or another agent's."
_SETTING = "Stop and tell a person: the server's connection is not as the policy has it; pgmoat doctor."
_JSON = "Give JSON as text, and cast the parameter: :name::jsonb."
_BY_SQLSTATE = {
    "PM001": _WRONG_TASK,
    "PM006": _SETTING,
    "PM007": _SETTING,
    "PM008": _SETTING,
    "PM009": _SETTING,
    "PM019": "Stop and tell a person: this task is an orchestrator's, and its name alone does not open it;"
    " its token does, as header Pgmoat-Task-Token, as PGMOAT_TASK_TOKEN, or in _meta as pgmoat/task_token.",
    "PM040": "Give the argument `key`: 1 to 200 characters, the same whenever this call is repeated, another"
    " for another purpose.",
    "PM042": "It has been done: read the present state. To do it once more on purpose give `occurrence` 2, 3,"
    " …, or another `key`.",
    "PM046": "Give the argument a value that is not null.",
    "PM049": "Read the present state: the earlier write stands. To write once more on purpose, give"
    " `occurrence` 2, 3, …, or another `key`.",
    "PM050": "Do it without a preview: it is held, and a person is asked. Or write fewer rows.",
    "PM053": "Repeat it with the same arguments: it is held anew, as it would be now.",
}
_REASON = "Give the argument `reason`: why these rows go."
_NO_REASON = "Stop and report it: {tool} deletes rows that need a reason, and has no argument for one."


def find_hint(error: Error, tool: Tool) -> str:
    """Return the hint of *error*, as the one who called *tool* can act on it."""
    if isinstance(error, ConnectionFailedError):
        return "Stop and tell a person: the server has no way to the database; its log says why."
    if not isinstance(error, AgentError):
        return error.hint
    if isinstance(error, ApprovalRequiredError) and error.approval_id is not None:
        return (
            f"Go on with something else, and ask the tool outcome for {error.approval_id} later: it runs this"
            " once a person has approved it. Do not try the same in other words or in smaller pieces."
        )
    if error.sqlstate == "PM020":
        has_reason = "reason" in tool.input.get("properties", {})
        return _REASON if has_reason else _NO_REASON.format(tool=tool.name)
    if is_about_json(error.sqlstate, error.message):
        return _JSON
    return _BY_SQLSTATE.get(error.sqlstate or "", error.hint)
