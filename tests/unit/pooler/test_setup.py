"""What a configuration cannot be made for is refused, with the option that is to blame."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgmoat.errors import PoolerError
from pgmoat.pooler.setup import Database, Listening, is_loopback, parse_addresses, render_seconds
from tests.unit.pooler.setups import make


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("10.0.0.1", False),
        ("::", False),
        ("*", False),
        ("db.example", False),
    ],
)
def test_loopback(address: str, expected: bool) -> None:
    assert is_loopback(address) is expected


def test_addresses() -> None:
    assert parse_addresses("10.0.0.7, ::1") == ("10.0.0.7", "::1")
    assert parse_addresses("*") == ("*",)


@pytest.mark.parametrize("text", ["", " , ", "a b", "127.0.0.1\nauth_type = any", "*x", "1.2.3.4;"])
def test_what_is_no_list_of_addresses_is_refused(text: str) -> None:
    with pytest.raises(PoolerError, match="--listen"):
        parse_addresses(text)


@pytest.mark.parametrize("address", ["::", "*", "10.0.0.7", "db.example"])
def test_a_network_address_needs_tls(address: str) -> None:
    with pytest.raises(PoolerError, match="without TLS") as caught:
        make(listening=Listening(("127.0.0.1", address)))
    assert "--tls-cert" in caught.value.hint
    make(listening=Listening((address,), certificate=Path("/c"), key=Path("/k")))
    make(listening=Listening((address,), is_plain_allowed=True))


def test_certificate_and_key_belong_together() -> None:
    with pytest.raises(PoolerError, match="--tls-key"):
        make(listening=Listening(certificate=Path("/c")))


def test_older_versions_are_refused() -> None:
    with pytest.raises(PoolerError, match=r"1\.17 is too old"):
        make((1, 17))
    make((1, 18))


@pytest.mark.parametrize("name", ["shop", "Shop_2", "my-db", "a.b"])
def test_plain_names_of_databases(name: str) -> None:
    make(database=Database("h", 1, name))


@pytest.mark.parametrize("name", ["my db", 'a"b', "a=b", "été", "a;b", "x\ny", "a'b"])
def test_other_names_are_refused_where_the_file_cannot_have_them(name: str) -> None:
    with pytest.raises(PoolerError, match="database name"):
        make((1, 18), database=Database("h", 1, name))


@pytest.mark.parametrize("name", ["my db", 'a"b', "a=b", "été", "a;b"])
def test_since_1_25_most_names_can_be_written(name: str) -> None:
    make((1, 25), database=Database("h", 1, name))


@pytest.mark.parametrize("name", ["a'b", "x\ny", "pgbouncer"])
def test_some_never_can(name: str) -> None:
    with pytest.raises(PoolerError):
        make((1, 25), database=Database("h", 1, name))


def test_the_path_of_a_peers_socket_is_short_enough() -> None:
    with pytest.raises(PoolerError, match="Unix socket"):
        make(folder=Path("/" + "x" * 100), processes=2)


def test_how_agents_connect() -> None:
    setup = make(listening=Listening(("::1",), 6000), database=Database("h", 1, "my-db"))
    assert setup.agent_dsn("agent_reader") == "postgresql://agent_reader@[::1]:6000/my-db"
    everywhere = make(listening=Listening(("*",), is_plain_allowed=True))
    assert everywhere.agent_dsn("a") == "postgresql://a@127.0.0.1:6432/shop"


@pytest.mark.parametrize(("ms", "text"), [(3000, "3"), (2500, "2.5"), (1, "0.001"), (300_000, "300")])
def test_seconds(ms: int, text: str) -> None:
    assert render_seconds(ms) == text


def test_no_agent_has_the_name_of_a_console_user() -> None:
    setup = make()
    assert not {setup.admin, setup.stats} & set(setup.roles)
