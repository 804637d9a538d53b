"""Values that are kept as JSON are the same when they are read back, or it is said that they cannot be."""

from __future__ import annotations

import enum
import json
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from ipaddress import ip_address, ip_interface, ip_network
from typing import Any
from uuid import UUID

import pytest
from psycopg.types.json import Jsonb
from psycopg.types.range import Range

from pgmoat.errors import ValueRefusedError
from pgmoat.runtime.decoding import decode_value
from pgmoat.runtime.idempotency import encode_value


class Color(enum.Enum):
    """Whose members only its program knows."""

    RED = 1


_EMPTY: Range[int] = Range(empty=True)
_VALUES: list[Any] = [
        None, True, 0, -(10**30), "", "a'b\n", 1.5, float("inf"), Decimal("1.50"), Decimal("1E+5"),
        date(2026, 1, 2), datetime(2026, 1, 2, tzinfo=UTC),
    datetime.fromisoformat("2026-01-02T03:04:05.000006"),
        datetime(2026, 1, 2, tzinfo=timezone(timedelta(hours=5, minutes=30))), time(1, 2, 3, 4),
        timedelta(0), timedelta(days=1), timedelta(days=-3, hours=2, microseconds=1), UUID(int=3),
    b"", b"\0\xff",
        ip_address("10.0.0.1"), ip_address("::1"), ip_interface("10.0.0.1/8"), ip_network("10.0.0.0/8"),
        [1, [2, None], "x"], [], Range(1, 5), Range(date(2026, 1, 1), None, "[)"), _EMPTY,
]  # fmt: skip


@pytest.mark.parametrize("value", _VALUES)
def test_read_back(value: Any) -> None:
    kept = json.loads(json.dumps(encode_value(value)))
    found = decode_value(kept)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("value", [{"a": [1, {"b": None}]}, {}, ["x", {"y": 1.5}], {"1": 2}])
def test_json_read_back(value: Any) -> None:
    kept = json.loads(json.dumps(encode_value(Jsonb(value))))
    found = decode_value(kept)
    assert isinstance(found, Jsonb)
    assert found.obj == value


@pytest.mark.parametrize(
    "kept",
    [
        encode_value(Color.RED), encode_value({1, 2}), encode_value({(1, 2): 3}), {"Timestamp": "2026-01-02"},
        {"date": "2026"}, {"date": 5}, {"UUID": "x"}, {"a": 1, "b": 2}, {}, {"bytes": "0"}, {"range": [1]},
        {"timedelta": "1 day"}, {"float": {}},
    ],
)  # fmt: skip
def test_what_cannot_be_read_back(kept: Any) -> None:
    with pytest.raises(ValueRefusedError):
        decode_value(kept)
