"""What runs under agents: tasks, steps, statements, pools. What a program imports stands here."""

from psycopg.types.json import Jsonb

from pgmoat.guard.diagnose.reason import Reason
from pgmoat.runtime.asynchronous.moat import AsyncMoat
from pgmoat.runtime.asynchronous.orchestrator import AsyncOrchestrator
from pgmoat.runtime.asynchronous.task import AsyncTask
from pgmoat.runtime.asynchronous.transaction import AsyncTransaction
from pgmoat.runtime.backoff import Backoff
from pgmoat.runtime.idempotency import make_idempotency_key
from pgmoat.runtime.result import Change, Outcome, Preview, Result
from pgmoat.runtime.synchronous.moat import Moat
from pgmoat.runtime.synchronous.orchestrator import Orchestrator
from pgmoat.runtime.synchronous.task import Task
from pgmoat.runtime.synchronous.transaction import Transaction

__all__ = [
    "AsyncMoat",
    "AsyncOrchestrator",
    "AsyncTask",
    "AsyncTransaction",
    "Backoff",
    "Change",
    "Jsonb",
    "Moat",
    "Orchestrator",
    "Outcome",
    "Preview",
    "Reason",
    "Result",
    "Task",
    "Transaction",
    "make_idempotency_key",
]
