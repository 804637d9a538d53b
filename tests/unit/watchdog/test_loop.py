"""What the watchdog remembers of its acts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pgmoat.watchdog.judge import Past
from pgmoat.watchdog.loop import remember

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def test_what_failed_is_remembered_for_a_day_the_rest_for_ten_minutes() -> None:
    past = {
        f"{action} {age}": Past(action, NOW - timedelta(minutes=age))
        for action in ("failed", "cancelled")
        for age in (9, 11, 24 * 60 - 1, 24 * 60 + 1)
    }
    assert list(remember(past, NOW)) == ["failed 9", "failed 11", "failed 1439", "cancelled 9"]
