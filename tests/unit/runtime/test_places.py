"""Where an agent's database and its replica are."""

from __future__ import annotations

from psycopg.conninfo import conninfo_to_dict

from pgmoat.runtime.places import place_replica, replace_address

DSN = "postgresql://agent:p%40ss@one,two:5433,5434/shop?hostaddr=10.0.0.1,10.0.0.2&target_session_attrs=read-write"
KEPT = {"user": "agent", "password": "p@ss", "dbname": "shop"}


def test_another_address_is_the_whole_address() -> None:
    assert conninfo_to_dict(replace_address(DSN, "[::1]:6432")) == {
        **KEPT,
        "host": "::1",
        "port": "6432",
        "target_session_attrs": "read-write",
    }


def test_a_replica_need_not_be_writable() -> None:
    assert conninfo_to_dict(place_replica(DSN, "replica.internal", 5432)) == {
        **KEPT,
        "host": "replica.internal",
        "port": "5432",
    }
