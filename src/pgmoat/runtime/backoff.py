"""
How long to wait before the next attempt.

In: attempts so far. Out: seconds. I/O: none but chance.
"""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """
    Pauses that grow, with full jitter, until a deadline.

    A pause is drawn between 0 and ``first_s * 2 ** attempts``, at most ``most_s``: callers that failed
    together do not come back together
    (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/). ``deadline_s`` is the
    time from the first attempt on; 0 means one attempt.
    """

    deadline_s: float = 30.0
    first_s: float = 0.05
    most_s: float = 2.0

    def draw_pause(self, attempts: int) -> float:
        """Return the seconds to wait after so many attempts have failed."""
        most = min(self.most_s, self.first_s * 2.0 ** min(attempts - 1, 30))
        return random.uniform(0, most)  # noqa: S311 - a lot, no secret
