"""
The files as text: the ini files of several versions are kept, to be read.

``PGMOAT_UPDATE_GOLDEN=1 pytest tests/unit/pooler`` writes them anew.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from pgmoat.pooler.console import Version
from pgmoat.pooler.render import parse_userlist, render_ini, render_userlist
from pgmoat.pooler.settings import Setting, list_settings
from pgmoat.pooler.setup import Database, Listening
from tests.unit.pooler.setups import make

GOLDEN = Path(__file__).parent / "golden"
VERSIONS: list[Version] = [(1, 18, 0), (1, 21, 0), (1, 23, 1), (1, 25, 2)]


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: ".".join(map(str, version)))
def test_the_ini_file(version: Version) -> None:
    text = render_ini(make(version))
    expected = GOLDEN / f"pgbouncer-{'.'.join(map(str, version))}.ini"
    if os.environ.get("PGMOAT_UPDATE_GOLDEN"):
        expected.write_text(text)
    assert text == expected.read_text()


def select(version: Version, name: str) -> Setting | None:
    return next((found for found in list_settings(make(version)) if found.name == name), None)


@pytest.mark.parametrize(
    ("version", "value"),
    [((1, 18), None), ((1, 20), None), ((1, 21), "0"), ((1, 22), "200"), ((1, 25), "200")],
)
def test_prepared_statements_are_followed_where_that_survives_a_reset(
    version: Version, value: str | None
) -> None:
    found = select(version, "max_prepared_statements")
    assert (found.value if found else None) == value


@pytest.mark.parametrize(
    ("name", "since"),
    [
        ("cancel_wait_timeout", (1, 19)),
        ("track_extra_parameters", (1, 20)),
        ("transaction_timeout", (1, 25)),
    ],
)
def test_a_setting_is_written_only_where_it_is_known(name: str, since: Version) -> None:
    assert select(since, name)
    assert not select((since[0], since[1] - 1), name)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_setting_stands_there_once_and_on_a_line_of_its_own(version: Version) -> None:
    lines = render_ini(make(version)).splitlines()
    for setting in list_settings(make(version)):
        wanted = (
            f"{setting.name} = {setting.value}".rstrip() if setting.is_written else f"; no {setting.name}"
        )
        assert lines.count(wanted) == 1
        assert "\n" not in setting.value


def test_what_must_never_be_there() -> None:
    for version in VERSIONS:
        text = render_ini(make(version))
        for line in (r"query_timeout = [^0]", r"auth_user\s*=", r"auth_query\s*=", r"\*\s*=", r"\buser="):
            assert not re.search(rf"^{line}", text, re.MULTILINE), line
        assert not re.search(r"^ignore_startup_parameters.*(options|timeout|search_path|token)", text, re.M)


def test_waiting_follows_the_policy() -> None:
    values = {setting.name: setting.value for setting in list_settings(make())}
    assert values["query_wait_timeout"] == "3"  # the longest
    assert values["server_lifetime"] == "300"  # the shortest
    assert values["idle_transaction_timeout"] == "11"  # the longest, and a second
    agents = "agents: {a: {entities: {orders: {}}, pool: {timeout: 900ms}}}\n"
    short = {setting.name: setting.value for setting in list_settings(make(agents=agents))}
    assert short["query_wait_timeout"] == "0.9"
    assert short["reserve_pool_timeout"] == "0.3"


def test_what_is_cut_is_said_in_the_file() -> None:
    agents = "agents: {a: {entities: {orders: {}}, connections: 4}}\n"
    text = render_ini(make(agents=agents))
    assert "CUT" in text
    assert "agent_a = max_user_connections=4" in text


def test_several_processes_reach_each_other() -> None:
    setup = make((1, 25), processes=2)
    first, second = render_ini(setup, 1), render_ini(setup, 2)
    assert "peer_id = 1" in first
    assert "peer_id = 2" in second
    for text in (first, second):
        assert "so_reuseport = 1" in text
        assert (
            "1 = host='/etc/pgbouncer/peer-1' port=6432\n2 = host='/etc/pgbouncer/peer-2' port=6432" in text
        )
        assert "agent_fulfillment = pool_size=20 reserve_pool_size=0 max_user_connections=20" in text
    old = render_ini(make((1, 18), processes=2), 1)
    assert "[peers]" not in old
    assert "peer_id" not in old
    assert "is lost" in old


def test_tls_for_clients() -> None:
    listening = Listening(("10.0.0.7",), certificate=Path("/etc/c.pem"), key=Path("/etc/k.pem"))
    text = render_ini(make(listening=listening))
    assert (
        "client_tls_sslmode = require\nclient_tls_cert_file = /etc/c.pem\nclient_tls_key_file = /etc/k.pem"
        in text
    )


def test_tls_to_the_server() -> None:
    database = Database("db", 5432, "shop", "verify-full", "/etc/root.crt")
    text = render_ini(make(database=database))
    assert "server_tls_sslmode = verify-full\nserver_tls_ca_file = /etc/root.crt" in text


def test_names_are_quoted() -> None:
    text = render_ini(make((1, 25), database=Database("/var/run/pg", 5432, 'my "db"')))
    assert "'my \"db\"' = host='/var/run/pg' port=5432 dbname='my \"db\"'" in text


def test_the_userlist_reads_back() -> None:
    verifiers = {"b": "SCRAM-SHA-256$4096:x$y:z", 'a"': 'p"w'}
    text = render_userlist(verifiers)
    assert text.splitlines()[1:] == ['"a""" "p""w"', '"b" "SCRAM-SHA-256$4096:x$y:z"']
    assert parse_userlist(text) == verifiers
    assert parse_userlist('; x\n"broken\n\n') == {}
