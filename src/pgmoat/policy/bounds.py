"""
How much an agent may use: time, rows, plans, connections.

In: plain data. Out: frozen models, parts of an agent's policy. I/O: none.
"""

from __future__ import annotations

import math

from pydantic import Field

from pgmoat.policy.fields import Bytes, Expiry, FunctionName, Milliseconds, Model, TempFileSize


class Timeouts(Model):
    """Role settings: defaults for honest clients; what lifts them meets the gate and the watchdog."""

    statement: Milliseconds = Field(5_000, description="statement_timeout; above it the gate refuses.")
    idle_in_transaction: Milliseconds = Field(10_000, description="idle_in_transaction_session_timeout.")
    transaction: Milliseconds = Field(30_000, description="transaction_timeout (PostgreSQL 17 and later).")
    lock: Milliseconds = Field(2_000, description="lock_timeout.")


class Limits(Model):
    """Breakers that PostgreSQL holds, the last one the watchdog; no session's setting changes them."""

    rows_per_statement: int = Field(100, gt=0, description="Rows that one statement may write.")
    writes_per_task: int = Field(1_000, gt=0, description="Rows that one task may write in all.")
    writes_per_hour: int = Field(
        10_000, gt=0, description="Rows that all tasks of the agent may write in a clock hour."
    )
    bytes_per_task: Bytes = Field(
        16 * 1024 * 1024, description="History that one task may write, as stored (before and after images)."
    )
    task_duration: Milliseconds = Field(900_000, description="From opening to deadline.")
    temp_files: TempFileSize = Field(
        1024**3,
        description="temp_file_limit: temporary files of one session (sorts, hashes). Set by a superuser.",
    )
    tasks_per_hour: int = Field(
        1_000,
        gt=0,
        description="Tasks that the agent may open by itself in a clock hour: claimed ones, children.",
    )
    repeats_per_minute: int | None = Field(
        None,
        gt=0,
        le=10_000,
        description="Runs of one statement that `pgmoat watch` may see of a task; then it freezes the task.",
    )
    surge_factor: int | None = Field(
        None,
        ge=2,
        le=10_000,
        description="Times its level of the last hour that the agent may do in a minute; then it is frozen.",
    )
    surge_floor: int = Field(
        1_000, gt=0, description="Rows written, or statements, in a minute that are never a surge."
    )


class GuardPolicy(Model):
    """What pgmoat's own clients look at; PostgreSQL holds `limits`, not these."""

    result_rows: int = Field(1_000, gt=0, le=1_000_000, description="Rows of one answer; more are cut off.")
    result_bytes: Bytes = Field(1024**2, description="Size of one answer as text; more is cut off.")
    cost: int | None = Field(
        1_000_000, gt=0, description="Cost of a plan, as PostgreSQL estimates it; null: any."
    )
    plan_rows: int | None = Field(
        1_000_000, gt=0, description="Rows out of one step of a plan, as PostgreSQL estimates; null: any."
    )
    functions: list[FunctionName] = Field(
        default_factory=list[str],
        description="Functions as schema.name that SQL may call besides built-in ones that only compute.",
    )
    explain_empty: bool = Field(
        True, description="Whether a query without rows is looked into, and sums and averages are."
    )


class ApprovalPolicy(Model):
    """When an agent's own SQL needs a person's word; held by PostgreSQL."""

    rows_per_statement: int | None = Field(
        None, ge=0, description="Rows that one statement may write without a person's word; 0: none."
    )
    rows_per_task: int | None = Field(
        None, ge=0, description="Rows that a task may write without a person's word; 0: none."
    )
    expires: Expiry = Field(86_400_000, description="How long a held write waits, and may run once approved.")


class OperationApproval(Model):
    """When a call of an operation needs a person's word; without a condition always."""

    when: str | None = Field(
        None,
        min_length=1,
        description="A condition, with parameters as `:name`; anything but false asks for a person's word.",
    )
    rows: int | None = Field(None, ge=0, description="Rows that a call may write without a person's word.")
    expires: Expiry = Field(86_400_000, description="How long a held call waits, and may run once approved.")


class PoolPolicy(Model):
    """Connections of one process of agents: size = workers * steps * 0.5, for half of a step is thinking."""

    workers: int = Field(10, gt=0, le=100_000, description="Agents of this type that work at once.")
    steps: int = Field(2, gt=0, le=1_000, description="Steps that one of them takes at once.")
    overflow: int = Field(5, ge=0, le=1_000, description="Connections above the size, for bursts.")
    timeout: Milliseconds = Field(3_000, description="Wait for a connection; then it is an error.")
    recycle: Milliseconds = Field(300_000, description="Age at which a connection is replaced.")

    @property
    def size(self) -> int:
        """Connections that the pool keeps."""
        return max(1, math.ceil(self.workers * self.steps * 0.5))
