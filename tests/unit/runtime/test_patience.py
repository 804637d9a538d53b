"""How long waiting takes, where PostgreSQL says until when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from pgmoat.runtime.patience import find_wait

NOW = datetime(2026, 11, 27, 7, 15, 0, 400_000, tzinfo=UTC)
RAISE = ", or have a person raise writes_per_hour."


@pytest.mark.parametrize(
    ("state", "hint", "seconds"),
    [
        ("PM012", f"Wait until 2026-11-27 08:00:00+00{RAISE}", 2700.0),
        ("PM012", f"Wait until 2026-11-27 13:30:00+05:30{RAISE}", 2700.0),
        ("PM016", "Go on with a task that is open. Or wait until 2026-11-27 08:00:00+00.", 2700.0),
        ("PM012", f"Wait until 2026-11-27 07:00:00+00{RAISE}", 1.0),  # the hour is over by now
        ("PM012", f"Wait until Fri Nov 27 08:00:00 2026 UTC{RAISE}", None),  # another DateStyle
        ("PM010", f"Wait until 2026-11-27 08:00:00+00{RAISE}", None),
        (None, "", None),
    ],
)
def test_waits(state: str | None, hint: str, seconds: float | None) -> None:
    assert find_wait(state, hint, NOW) == seconds
    assert find_wait(state, hint, NOW.astimezone(timezone(timedelta(hours=3)))) == seconds
