"""Where an agent's DSN comes from."""

from __future__ import annotations

from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from pgmoat.errors import ConnectionFailedError, PolicyError
from pgmoat.policy.load import load_policy_text
from pgmoat.policy.places import find_dsn, place_replica, read_policy, replace_address

VARIABLE = "PGMOAT_DSN_SUPPORT"
POLICY = """
version: 1
entities: {orders: {table: public.orders, columns: {id: {}}}}
agents: {support: {entities: {orders: {}}}}
"""


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)


@pytest.fixture
def credentials(tmp_path: Path) -> Path:
    file = tmp_path / "moat.credentials"
    file.write_text(
        f"# Connection strings\n\n{VARIABLE}=postgresql://file:p%3D@h/d?sslmode=require\nPGMOAT_DSN_B=host=b\n"
    )
    return file


def test_the_dsns_that_are_given_come_first(monkeypatch: pytest.MonkeyPatch, credentials: Path) -> None:
    monkeypatch.setenv(VARIABLE, "host=environment")
    assert find_dsn("support", {"support": "host=given"}, credentials, None) == "host=given"
    found = find_dsn("support", {"other": "host=given"}, credentials, None)
    assert found == "postgresql://file:p%3D@h/d?sslmode=require"
    assert find_dsn("support", {}, None, None) == "host=environment"


def test_an_agent_that_the_file_lacks_is_looked_up_in_the_environment(
    monkeypatch: pytest.MonkeyPatch, credentials: Path
) -> None:
    monkeypatch.setenv("PGMOAT_DSN_MY_AGENT", "host=environment")
    assert find_dsn("my_agent", {}, str(credentials), None) == "host=environment"
    assert find_dsn("b", {}, credentials, None) == "host=b"


def test_nothing_found(credentials: Path) -> None:
    with pytest.raises(ConnectionFailedError, match="no DSN for agent nobody") as caught:
        find_dsn("nobody", {}, credentials, None)
    assert "PGMOAT_DSN_NOBODY" in caught.value.hint


def test_a_file_that_was_read_and_lacks_the_agent_is_named(credentials: Path) -> None:
    with pytest.raises(ConnectionFailedError) as caught:
        find_dsn("nobody", {}, credentials, None)
    assert f"{credentials} has no line PGMOAT_DSN_NOBODY=" in str(caught.value)


@pytest.mark.parametrize(
    "line",
    [
        "export {}='host=h dbname=d'",
        "  export\t{}=\"host=h password='a=b' dbname=d\"  ",
        "{} = host=h password='a=b' dbname=d",
    ],
)
def test_a_line_may_be_one_of_a_shell(tmp_path: Path, line: str) -> None:
    file = tmp_path / "own"
    file.write_text(f"# {VARIABLE}=host=comment\n{line.format(VARIABLE)}\n#{VARIABLE}=host=comment\n")
    found = conninfo_to_dict(find_dsn("support", {}, file, None))
    assert found["host"] == "h"
    assert found["dbname"] == "d"


def test_a_value_with_a_quote_at_one_end_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "own"
    file.write_text(f"{VARIABLE}=host=h dbname='a b'\n")
    assert conninfo_to_dict(find_dsn("support", {}, file, None))["dbname"] == "a b"


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConnectionFailedError, match=r"cannot read .*: No such file"):
        find_dsn("support", {}, tmp_path / "none", None)


def test_a_dsn_that_is_none_is_not_repeated() -> None:
    with pytest.raises(ConnectionFailedError) as caught:
        find_dsn("support", {"support": "mysql://u:S3cret@h/d"}, None, None)
    assert "S3cret" not in f"{caught.value}{caught.value.hint}"


def test_the_dsn_hides_its_password() -> None:
    found = find_dsn("support", {"support": "postgresql://u:S3cret@h/d"}, None, "pooler:6432")
    assert "S3cret" in found
    assert "S3cret" not in repr(found)


@pytest.mark.parametrize(
    ("dsn", "address", "host", "port"),
    [
        ("postgresql://u:p@h:5432/d", "pooler:6432", "pooler", "6432"),
        ("host=h hostaddr=10.0.0.1 user=u password=p dbname=d", "pooler:6432", "pooler", "6432"),
        ("postgresql://u:p@/d?host=/run/pg", "127.0.0.1:6432", "127.0.0.1", "6432"),
        ("postgresql://u:p@a:1,b:2/d", "pooler:6432", "pooler", "6432"),
        ("postgresql://u:p@h/d", "[::1]:6432", "::1", "6432"),
    ],
)
def test_another_address(dsn: str, address: str, host: str, port: str) -> None:
    found = conninfo_to_dict(find_dsn("support", {"support": dsn}, None, address))
    assert found == {"host": host, "port": port, "user": "u", "password": "p", "dbname": "d"}


@pytest.mark.parametrize("address", ["pooler", "pooler:", ":6432", "pooler:http", "", "pooler:6432/d"])
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(ConnectionFailedError, match="is no address") as caught:
        replace_address("host=h", address)
    assert "host:port" in caught.value.hint


def test_a_policy_or_its_file(tmp_path: Path) -> None:
    policy = load_policy_text(POLICY, "moat.yaml").policy
    assert read_policy(policy) is policy
    file = tmp_path / "moat.yaml"
    file.write_text(POLICY)
    assert read_policy(file) == read_policy(str(file)) == policy
    with pytest.raises(PolicyError):
        read_policy(tmp_path / "none.yaml")


def test_a_replica_need_not_be_writable() -> None:
    dsn = (
        "postgresql://agent:p%40ss@one,two:5433,5434/shop"
        "?hostaddr=10.0.0.1,10.0.0.2&target_session_attrs=read-write"
    )
    assert conninfo_to_dict(place_replica(dsn, "replica.internal", 5432)) == {
        "user": "agent",
        "password": "p@ss",
        "dbname": "shop",
        "host": "replica.internal",
        "port": "5432",
    }
