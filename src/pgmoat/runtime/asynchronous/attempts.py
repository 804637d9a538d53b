"""
Try again what may succeed the next time.

In: an attempt. Out: what it returns. I/O: waits.
"""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Protocol, TypeVar

from pgmoat.errors import TransientError
from pgmoat.runtime.backoff import Backoff
from pgmoat.runtime.telemetry import count_retry

Found_co = TypeVar("Found_co", covariant=True)


class AsyncAttempt(Protocol[Found_co]):
    """One attempt; the same each time."""

    async def __call__(self) -> Found_co:
        """Do it."""
        ...


async def repeat(attempt: AsyncAttempt[Found_co], backoff: Backoff) -> Found_co:
    """
    Return what *attempt* returns, as soon as it does.

    Raises:
        AgentError: one that no repetition would mend, at once; a TransientError when the deadline is near.
    """
    started = monotonic()
    attempts = 0
    while True:
        try:
            return await attempt()
        except TransientError as error:
            attempts += 1
            pause = backoff.draw_pause(attempts)
            if monotonic() - started + pause >= backoff.deadline_s:
                error.add_note(f"tried {attempts} times in {monotonic() - started:.1f} s")
                raise
            count_retry(error.code)
        await asyncio.sleep(pause)
