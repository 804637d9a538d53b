"""Each way in which a running PgBouncer can differ."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pgmoat.pooler.check import Difference, Standing, check_pooler, check_userlist
from pgmoat.pooler.console import PooledDatabase, PooledUser, PoolerFacts, Version, parse_version
from pgmoat.pooler.render import render_userlist
from pgmoat.pooler.settings import list_settings, list_user_settings
from tests.unit.pooler.setups import make

NEW: Version = (1, 26, 0)


def obey(version: Version = NEW) -> PoolerFacts:
    """Return what a console says that is as it should be."""
    setup = make(version)
    users = [
        PooledUser(
            user.role,
            values.get("pool_size"),
            values.get("reserve_pool_size"),
            values["max_user_connections"] if version >= (1, 23) else None,
            values.get("max_user_client_connections"),
        )
        for user in list_user_settings(setup)
        for values in [dict(user.values)]
    ]
    return PoolerFacts(
        version=version,
        config={setting.name: setting.value for setting in list_settings(setup)},
        databases=[
            PooledDatabase("shop", "shop", "", 30, 10, ""),
            PooledDatabase("pgbouncer", "pgbouncer", "pgbouncer", 2, 0, "statement"),
        ],
        users=[*users, PooledUser(setup.admin), PooledUser(setup.stats)],
        fixed=frozenset({"so_reuseport", "track_extra_parameters"}),
    )


def check(facts: PoolerFacts) -> list[Difference]:
    return check_pooler(make(facts.version), facts)


def change(**config: str | None) -> PoolerFacts:
    facts = obey()
    merged = {**facts.config, **config}
    return replace(facts, config={name: value for name, value in merged.items() if value is not None})


@pytest.mark.parametrize("version", [(1, 23, 1), (1, 24, 1), NEW])
def test_one_that_is_as_it_should_be(version: Version) -> None:
    assert check(obey(version)) == []


@pytest.mark.parametrize("version", [(1, 25, 1), (1, 25, 2)])
def test_versions_that_lose_the_key_of_a_role_are_noted(version: Version) -> None:
    (line,) = check(obey(version))
    assert line.standing is Standing.NOTE
    assert "wrong password" in line.why
    assert check(obey((1, 25, 0))) == []


def test_an_old_console_does_not_show_users() -> None:
    (line,) = check(obey((1, 18, 0)))
    assert line.standing is Standing.UNKNOWN
    assert "agent_reader: max_user_connections=4" in line.wanted


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("pool_mode", "session"),
        ("auth_type", "md5"),
        ("auth_user", "postgres"),
        ("server_reset_query", "RESET ALL"),
        ("server_reset_query", ""),
        ("server_reset_query_always", "0"),
        ("ignore_startup_parameters", "extra_float_digits,options"),
        ("track_extra_parameters", "IntervalStyle, search_path"),
        ("max_prepared_statements", "0"),
        ("query_wait_timeout", "0"),
        ("query_wait_timeout", "3.5"),
        ("query_timeout", "30"),
        ("transaction_timeout", "30"),
        ("idle_transaction_timeout", "0"),
        ("idle_transaction_timeout", "60"),
        ("default_pool_size", "20"),
        ("reserve_pool_size", "0"),
        ("max_user_connections", "0"),
        ("max_client_conn", "100"),
        ("server_lifetime", "3600"),
        ("client_idle_timeout", "60"),
        ("application_name_add_host", "1"),
        ("admin_users", "pgmoat_pooler_admin, postgres"),
    ],
)
def test_a_setting_that_differs(name: str, value: str) -> None:
    (line,) = [found for found in check(change(**{name: value})) if found.name == name]
    assert line.standing is Standing.DIFFERS
    assert line.actual == (value or "empty")
    assert line.remedy
    assert line.why


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("query_wait_timeout", "1"),
        ("query_wait_timeout", "2.5"),
        ("idle_transaction_timeout", "5"),
        ("max_client_conn", "5000"),
        ("server_reset_query", "discard all;"),
        ("ignore_startup_parameters", ""),
        ("max_prepared_statements", "100"),
        ("listen_port", "5432"),
        ("stats_users", "pgmoat_pooler_stats,prometheus"),
        ("client_tls_sslmode", "require"),
        ("server_tls_sslmode", "verify-full"),
    ],
)
def test_what_is_safer_or_a_matter_of_taste_is_left_alone(name: str, value: str) -> None:
    assert check(change(**{name: value})) == []


def test_a_setting_that_it_does_not_know() -> None:
    (line,) = check(change(server_reset_query_always=None))
    assert line.actual == "not known to it"


def test_the_remedy_says_whether_a_reload_is_enough() -> None:
    (line,) = check(change(query_timeout="30"))
    assert line.remedy == "query_timeout = 0 in pgbouncer.ini, then RELOAD"
    (line,) = check(change(track_extra_parameters="search_path"))
    assert line.remedy.endswith("then restart it")
    (line,) = check(change(auth_user="postgres"))
    assert line.remedy == "no auth_user in pgbouncer.ini, then RELOAD"


def test_a_network_address_without_tls() -> None:
    (line,) = check(change(listen_addr="127.0.0.1,10.0.0.7"))
    assert line.name == "client_tls_sslmode"
    assert "10.0.0.7" in line.wanted
    assert check(change(listen_addr="10.0.0.7", client_tls_sslmode="require")) == []
    assert check(change(listen_addr="10.0.0.7", client_tls_sslmode="prefer"))


@pytest.mark.parametrize(
    ("databases", "names"),
    [
        ([], ["database shop"]),
        ([PooledDatabase("shop", "other", "", 30, 10, "")], ["database shop dbname"]),
        ([PooledDatabase("shop", "shop", "app", 30, 10, "")], ["database shop user"]),
        ([PooledDatabase("shop", "shop", "", 30, 10, "session")], ["database shop pool_mode"]),
        ([PooledDatabase("shop", "shop", "", 31, 10, "")], ["database shop pool_size"]),
        ([PooledDatabase("shop", "shop", "", 30, 0, "")], ["database shop reserve_pool"]),
        (
            [PooledDatabase("shop", "shop", "", 30, 10, ""), PooledDatabase("hr", "hr", "", 30, 10, "")],
            ["database hr"],
        ),
    ],
)
def test_databases(databases: list[PooledDatabase], names: list[str]) -> None:
    assert [line.name for line in check(replace(obey(), databases=databases))] == names


def test_a_user_who_is_no_agent_and_one_who_is_missing() -> None:
    facts = obey()
    users = [user for user in facts.users if user.name != "agent_reader"]
    found = check(replace(facts, users=[*users, PooledUser("bob")]))
    assert [(line.name, line.actual) for line in found] == [
        ("user agent_reader", "missing"),
        ("user bob", "there"),
    ]


def test_an_agent_on_the_console() -> None:
    (line,) = check(change(stats_users="pgmoat_pooler_stats, agent_reader"))
    assert line.name == "user agent_reader"


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"pool_size": 30}, "pool_size"),
        ({"pool_size": None}, "pool_size"),
        ({"reserve_pool": 5}, "reserve_pool_size"),
        ({"max_connections": 100}, "max_user_connections"),
        ({"max_clients": 0}, "max_user_client_connections"),
    ],
)
def test_what_an_agent_has_of_its_own(fields: dict[str, Any], name: str) -> None:
    facts = obey()
    users = [replace(user, **fields) if user.name == "agent_reader" else user for user in facts.users]
    (line,) = check(replace(facts, users=users))
    assert line.name == f"user agent_reader {name}"


def test_a_password_that_changed_is_found_in_the_userlist() -> None:
    verifiers = {"agent_reader": "SCRAM-SHA-256$1", "agent_fulfillment": "SCRAM-SHA-256$2"}
    assert check_userlist(verifiers, render_userlist({**verifiers, "console": "x"})) == []
    changed = {**verifiers, "agent_reader": "SCRAM-SHA-256$3"}
    (line,) = check_userlist(changed, render_userlist(verifiers))
    assert (line.name, line.actual) == ("userlist.txt agent_reader", "another one")
    (line,) = check_userlist(verifiers, render_userlist({"agent_reader": "SCRAM-SHA-256$1"}))
    assert (line.name, line.actual) == ("userlist.txt agent_fulfillment", "no line")
    assert "SCRAM" not in str(line)


@pytest.mark.parametrize(
    ("text", "version"),
    [("PgBouncer 1.18.0", (1, 18, 0)), ("PgBouncer 1.24.1", (1, 24, 1)), ("something else", ())],
)
def test_parse_version(text: str, version: Version) -> None:
    assert parse_version(text) == version
