"""What is said about settings."""

from __future__ import annotations

import pytest

from pgmoat.doctor.check import Diagnosis, Status, run_checks
from pgmoat.doctor.settings import CHECKS, NAMES, Setting, SettingFacts

GOOD = {
    "client_connection_check_interval": "5000",
    "default_transaction_isolation": "read committed",
    "idle_session_timeout": "0",
    "listen_addresses": "*",
    "log_min_duration_statement": "-1",
    "log_parameter_max_length": "-1",
    "log_parameter_max_length_on_error": "0",
    "log_statement": "ddl",
    "max_connections": "100",
    "password_encryption": "scram-sha-256",
    "reserved_connections": "0",
    "row_security": "on",
    "session_replication_role": "origin",
    "ssl": "on",
    "superuser_reserved_connections": "3",
    "track_activities": "on",
    "track_activity_query_size": "1024",
}


def judge(code: str, changed: dict[str, str], *, is_pooled: bool | None = False) -> list[Diagnosis]:
    settings = {name: Setting(name, value) for name, value in (GOOD | changed).items()}
    lines = run_checks(CHECKS, SettingFacts(settings, (), is_pooled, "shop"))
    return [line for line in lines if line.code == code]


def test_good_settings_are_in_order() -> None:
    assert set(GOOD) == set(NAMES)
    settings = {name: Setting(name, value) for name, value in GOOD.items()}
    assert {line.status for line in run_checks(CHECKS, SettingFacts(settings))} == {Status.OK}


def test_settings_that_cannot_be_read_are_said_to_be_unknown() -> None:
    lines = list(run_checks(CHECKS, SettingFacts({})))
    assert {line.status for line in lines if line.code != "doctor-pending-restart"} == {Status.UNKNOWN}


@pytest.mark.parametrize(
    ("addresses", "ssl", "status"),
    [
        ("*", "off", Status.WARNING),
        ("127.0.0.1, 10.0.0.5", "off", Status.WARNING),
        ("localhost,::1", "off", Status.OK),
        ("", "off", Status.OK),
        ("*", "on", Status.OK),
    ],
)
def test_ssl(addresses: str, ssl: str, status: Status) -> None:
    (line,) = judge("doctor-ssl", {"listen_addresses": addresses, "ssl": ssl})
    assert line.status is status


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"log_statement": "all"}, ["tokens"]),
        ({"log_statement": "all", "log_parameter_max_length": "0"}, ["no token"]),
        ({"log_statement": "mod"}, ["verifiers"]),
        ({"log_min_duration_statement": "0"}, ["tokens"]),
        ({"log_min_duration_statement": "1000"}, ["no token"]),
        ({"log_parameter_max_length_on_error": "-1"}, ["failed statements"]),
        ({"log_statement": "all", "log_parameter_max_length_on_error": "64"}, ["tokens", "failed"]),
    ],
)
def test_what_the_log_holds(changed: dict[str, str], says: list[str]) -> None:
    lines = judge("doctor-log-statement", changed)
    assert len(lines) == len(says)
    assert all(word in line.message for line, word in zip(lines, says, strict=True))


@pytest.mark.parametrize(
    ("is_pooled", "status"), [(True, Status.WARNING), (False, Status.NOTE), (None, Status.NOTE)]
)
def test_a_client_that_has_gone_matters_more_behind_a_pooler(is_pooled: bool | None, status: Status) -> None:
    (line,) = judge("doctor-connection-check", {"client_connection_check_interval": "0"}, is_pooled=is_pooled)
    assert line.status is status


@pytest.mark.parametrize(("is_pooled", "status"), [(True, Status.WARNING), (False, Status.OK)])
def test_idle_sessions_are_the_poolers(is_pooled: bool, status: Status) -> None:
    (line,) = judge("doctor-idle-session-timeout", {"idle_session_timeout": "60000"}, is_pooled=is_pooled)
    assert line.status is status


@pytest.mark.parametrize(
    ("source", "remedy"),
    [
        ("database", 'ALTER DATABASE "shop" RESET row_security;'),
        ("user", "ALTER ROLE CURRENT_USER RESET row_security;"),
        ("global", "ALTER ROLE ALL RESET row_security;"),
        ("configuration file", "ALTER SYSTEM RESET row_security;"),
    ],
)
def test_a_setting_is_reset_where_it_was_set(source: str, remedy: str) -> None:
    facts = SettingFacts({"row_security": Setting("row_security", "off", source)}, database="shop")
    (line,) = [line for line in run_checks(CHECKS, facts) if line.code == "doctor-row-security"]
    assert line.remedy.startswith(remedy)
