"""What is said about the server."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgmoat.doctor.check import Diagnosis, Status, run_checks
from pgmoat.doctor.server import CHECKS, PreparedTransaction, ServerFacts, Trial

FACTS = ServerFacts(
    version_number=150_014,
    is_standby=False,
    max_prepared_transactions=0,
    installed_version="15.14",
    prepared=(),
    plpgsql=Trial(),
    gate=Trial("PM001", "no task"),
    is_installed=True,
    database="shop",
)


def find(facts: ServerFacts, code: str) -> Diagnosis:
    (line,) = [line for line in run_checks(CHECKS, facts) if line.code == code]
    return line


def test_a_server_in_order() -> None:
    assert {line.status for line in run_checks(CHECKS, FACTS)} == {Status.OK}


@pytest.mark.parametrize(
    ("number", "status"),
    [(140_010, Status.ERROR), (150_000, Status.OK), (180_004, Status.OK), (190_000, Status.NOTE)],
)
def test_versions(number: int, status: Status) -> None:
    assert find(replace(FACTS, version_number=number), "doctor-server-version").status is status


def test_a_package_that_was_upgraded_under_the_running_server() -> None:
    line = find(replace(FACTS, installed_version="15.15"), "doctor-installed-version")
    assert line.status is Status.ERROR
    assert "15.14 runs, and 15.15 is installed" in line.message
    assert "restart" in line.remedy
    assert find(replace(FACTS, installed_version=None), "doctor-installed-version").status is Status.UNKNOWN


def test_plpgsql_that_cannot_be_loaded() -> None:
    broken = Trial("58P01", 'could not load library "plpgsql.so"')
    line = find(replace(FACTS, plpgsql=broken, gate=broken), "doctor-plpgsql")
    assert line.status is Status.ERROR
    assert "58P01" in line.message
    assert find(replace(FACTS, gate=broken), "doctor-gate").status is Status.ERROR


@pytest.mark.parametrize(
    ("gate", "status"),
    [
        (Trial("PM001"), Status.OK),
        (Trial(), Status.ERROR),
        (Trial("42883", "no function"), Status.ERROR),
        (Trial("42501", "permission denied"), Status.UNKNOWN),
    ],
)
def test_gates(gate: Trial, status: Status) -> None:
    assert find(replace(FACTS, gate=gate), "doctor-gate").status is status
    without = find(replace(FACTS, gate=gate, is_installed=False), "doctor-gate")
    assert without.status is Status.NOTE


def test_a_standby_is_said() -> None:
    assert find(replace(FACTS, is_standby=True), "doctor-standby").status is Status.NOTE


@pytest.mark.parametrize(
    ("age_s", "is_agent", "status"),
    [(1, True, Status.ERROR), (1, False, Status.OK), (3600, False, Status.WARNING)],
)
def test_prepared_transactions(age_s: int, is_agent: bool, status: Status) -> None:
    left = PreparedTransaction("x'y", "someone", "shop", age_s, is_agent)
    line = find(replace(FACTS, prepared=(left,)), "doctor-prepared-transactions")
    assert line.status is status
    assert status is Status.OK or line.remedy.startswith("ROLLBACK PREPARED 'x''y';")
