"""
In which task a call runs.

In: an agent, what the orchestrator gave. Out: tasks. I/O: PostgreSQL, through the runtime.

A task is the orchestrator's: it gave its token, or, where the policy says ``tasks: claimed``, its name. Else,
for such agents, it is one that this server names: one for each session of MCP. In the stateless protocol
there is no session: one for each bearer token and process.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict, defaultdict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Generic, TypeVar

from pgmoat.errors import NoTaskError
from pgmoat.runtime import AsyncMoat, AsyncTask, make_idempotency_key

_MOST = (
    10_000  # of each kind and agent; the least recently used is forgotten, and opened again when asked for
)
TOKEN_PREFIX = "moat_"  # noqa: S105 - what the tokens of all tasks begin with
_PAST_DEADLINE = "PM003"

TASK_HINT = (
    "Stop and tell a person: the orchestrator opens a task (pgmoat task open) and gives its token as header"
    " Pgmoat-Task-Token, as PGMOAT_TASK_TOKEN, or in _meta as pgmoat/task_token"
)
"""To be gone on with."""

_Kept = TypeVar("_Kept")


@dataclass(frozen=True, slots=True)
class Wish:
    """What a request says of its task; *token* is a secret."""

    task_id: str | None = None
    token: str | None = field(default=None, repr=False)


@dataclass(slots=True)
class Session:
    """
    A session of MCP, and the task that this server named for it.

    The name has a part that nobody guesses: who knows the name of a claimed task may claim it.
    """

    agent: str
    name: str = field(default_factory=lambda: f"mcp-{secrets.token_hex(8)}")
    _number: int = 1
    _task: AsyncTask | None = None
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def find_task(self, moat: AsyncMoat) -> AsyncTask:
        """Return its task, opened at the first call."""
        async with self._lock:
            if self._task is None:
                self._task = await moat.open_task(self.agent, self._task_id)
            return self._task

    async def renew_task(self, moat: AsyncMoat, ended: AsyncTask) -> AsyncTask:
        """Return a new task in place of *ended*; the same one to all who ask for it."""
        async with self._lock:
            if self._task is ended or self._task is None:
                self._number += 1
                self._task = await moat.open_task(self.agent, self._task_id)
            return self._task

    def make_key(self, operation: str, target: object, occurrence: int) -> str:
        """Return the key of a write: the same in all tasks of the session, so that none is done once more."""
        return make_idempotency_key(self.name, operation, target, occurrence)

    @property
    def _task_id(self) -> str:
        return self.name if self._number == 1 else f"{self.name}-{self._number}"


class Sessions:
    """Who is here, and in which tasks."""

    def __init__(self, moat: AsyncMoat) -> None:
        self._moat = moat
        # By agent: nothing that one does makes the server forget another's task.
        self._sessions: defaultdict[str, _Recent[Session]] = defaultdict(_Recent)
        self._tasks: defaultdict[str, _Recent[AsyncTask]] = defaultdict(_Recent)

    def find(self, agent: str, key: Hashable) -> Session:
        """Return the session of *key*, a new one at the first time."""
        return self._sessions[agent].find_or_make(key, lambda: Session(agent))

    async def enter(self, agent: str, wish: Wish) -> AsyncTask | None:
        """
        Return the orchestrator's task; None where the request names none.

        Raises:
            AgentError: it is none of the agent's, or it may not go on.
        """
        if wish.token is not None:
            _check_given(wish.token, TOKEN_PREFIX)
            task = await self._keep(
                agent,
                sha256(wish.token.encode("utf-8", "surrogatepass")).digest(),
                lambda token=wish.token: self._moat.enter_task(agent, token),
            )
            if wish.task_id not in {None, task.task_id}:
                raise NoTaskError(
                    f"the token is not one of task {wish.task_id}",
                    hint="Stop. The orchestrator gives a task's id together with its own token.",
                )
            return task
        if wish.task_id is not None:
            _check_given(wish.task_id)
            return await self._keep(
                agent, wish.task_id, lambda name=wish.task_id: self._moat.open_task(agent, name)
            )
        return None

    async def _keep(
        self, agent: str, key: Hashable, open_it: Callable[[], Awaitable[AsyncTask]]
    ) -> AsyncTask:
        tasks = self._tasks[agent]
        task = tasks.find(key)
        return task if task is not None else tasks.keep(key, await open_it())


def _check_given(given: str, prefix: str = "") -> None:
    """
    Look whether *given*, which may be a secret, can be a task's token or name.

    Raises:
        NoTaskError: it is neither; clients that lack a variable pass on its name.
    """
    if given.startswith("${"):
        raise NoTaskError(
            "the client gave the name of a variable, and not its value, as the task",
            hint="Stop and tell a person: the variable (PGMOAT_TASK_TOKEN, PGMOAT_TASK) is not set where the"
            " client runs, which has passed on what stands in its configuration.",
        )
    if not given.startswith(prefix):
        raise NoTaskError("what is given as the task's token is none of pgmoat's", hint=f"{TASK_HINT}.")


def is_past_deadline(sqlstate: str | None) -> bool:
    """Whether an error says that the task is past its deadline."""
    return sqlstate == _PAST_DEADLINE


class _Recent(Generic[_Kept]):
    """The last ones that were used."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()

    def find(self, key: Hashable) -> _Kept | None:
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def keep(self, key: Hashable, item: _Kept) -> _Kept:
        self._kept[key] = item
        while len(self._kept) > _MOST:
            self._kept.popitem(last=False)
        return item

    def find_or_make(self, key: Hashable, make: Callable[[], _Kept]) -> _Kept:
        found = self.find(key)
        return found if found is not None else self.keep(key, make())
