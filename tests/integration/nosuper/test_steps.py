"""What only a superuser may do: named, with what is lost; done once, and then silent."""

from __future__ import annotations

import pytest

from pgmoat.model.finding import Severity
from pgmoat.plan.steps import render_steps
from tests.integration.nosuper.conftest import Site
from tests.moat_fixtures import refused


@pytest.fixture
def logging(plain: Site) -> Site:
    """The shop under a policy with every step there is."""
    site = plain.with_policy("  reader: {", "  reader: {log_slow_statements: 250ms, ")
    site.apply()
    return site


def list_steps(site: Site) -> set[str]:
    return {step.name for step in site.plan().steps}


def test_steps_are_named_with_what_is_lost(logging: Site) -> None:
    planned = logging.plan()
    # Before 16 CREATEROLE may grant pg_read_all_stats, so apply did.
    expected = {"temp-files", "slow-statements"}
    if logging.database.server.server_version >= 160000:
        expected |= {"read-all-stats"}
    assert {step.name for step in planned.steps} == expected
    notes = [finding for finding in planned.findings if finding.code == "superuser-step"]
    assert {note.severity for note in notes} == {Severity.NOTE}
    (temp_files,) = (note for note in notes if "temp-files" in note.message)
    assert f"temp_file_limit of {logging.prefix}a_clerk: unset -> 1048576kB" in temp_files.message
    assert "fill the disk" in temp_files.message
    assert planned.plan.is_in_order


def test_the_script_makes_plan_silent(logging: Site) -> None:
    script = render_steps(logging.plan().steps)
    logging.run(script)
    planned = logging.plan()
    assert planned.steps == ()
    assert planned.plan.is_in_order
    assert "superuser-step" not in {finding.code for finding in planned.findings}
    assert render_steps(planned.steps).startswith("-- pgmoat: nothing")
    with logging.agent("reader") as reader:
        assert reader.execute("SHOW temp_file_limit").fetchone() == ("1GB",)
        assert reader.execute("SHOW log_min_duration_statement").fetchone() == ("250ms",)
        for setting in ("temp_file_limit", "log_min_duration_statement"):
            with refused("42501"):
                reader.execute(f"SET {setting} = -1".encode())


def test_an_apply_keeps_what_the_superuser_set(logging: Site) -> None:
    logging.run(render_steps(logging.plan().steps))
    changed = logging.with_policy("writes_per_task: 8", "writes_per_task: 9")
    changed.apply()
    assert changed.plan().steps == ()
    assert logging.value("SELECT pg_has_role('PREFIXm_monitor', 'pg_read_all_stats', 'USAGE')")


@pytest.mark.parametrize(
    ("drift", "name"),
    [
        ("ALTER ROLE PREFIXa_clerk RESET temp_file_limit", "temp-files"),
        ("ALTER ROLE PREFIXa_clerk SET temp_file_limit = '5GB'", "temp-files"),
        ("ALTER ROLE PREFIXa_clerk SET log_min_duration_statement = 0", "slow-statements"),
        ("ALTER ROLE PREFIXa_clerk IN DATABASE DATABASE_NAME SET temp_file_limit = -1", "foreign-settings"),
        ("ALTER ROLE PREFIXa_clerk SET log_statement = 'all'", "foreign-settings"),
        ("ALTER ROLE PREFIXa_clerk SET shop.tenant = '1'", "foreign-settings"),
    ],
)
def test_drift_of_what_the_superuser_set_is_noticed(logging: Site, drift: str, name: str) -> None:
    logging.run(render_steps(logging.plan().steps))
    logging.run(drift.replace("DATABASE_NAME", logging.database.name))
    assert list_steps(logging) == {name}
    logging.run(render_steps(logging.plan().steps))
    assert list_steps(logging) == set()
    assert logging.plan().plan.is_in_order


def test_a_lost_membership_is_noticed(logging: Site) -> None:
    logging.run(render_steps(logging.plan().steps))
    logging.run("REVOKE pg_read_all_stats FROM PREFIXm_monitor")
    planned = logging.plan()
    if logging.database.server.server_version >= 160000:
        assert {step.name for step in planned.steps} == {"read-all-stats"}
    else:
        (action,) = planned.plan.actions
        assert action.description == "member of pg_read_all_stats"
        logging.apply()
        assert logging.plan().plan.is_in_order


def test_who_was_granted_the_parameters_needs_no_superuser(logging: Site) -> None:
    logging.run("GRANT SET ON PARAMETER temp_file_limit, log_min_duration_statement TO PREFIXinstaller")
    try:
        assert list_steps(logging) <= {"read-all-stats"}
        logging.apply()
        assert logging.plan().plan.is_in_order
        with logging.agent("clerk") as clerk:
            assert clerk.execute("SHOW temp_file_limit").fetchone() == ("1GB",)
    finally:
        logging.run(
            "REVOKE ALL ON PARAMETER temp_file_limit, log_min_duration_statement FROM PREFIXinstaller"
        )


def test_a_superusers_apply_does_it_all(logging: Site) -> None:
    planned = logging.plan(logging.database.dsn)
    assert planned.steps == ()
    assert any("temp_file_limit unset -> 1048576kB" in action.description for action in planned.plan.actions)
    logging.apply(logging.database.dsn)
    assert logging.plan(logging.database.dsn).plan.is_in_order
    assert logging.plan().plan.is_in_order
    assert list_steps(logging) == set()


def test_temporary_files_are_limited(logging: Site) -> None:
    small = logging.with_policy("limits: {", "limits: {temp_files: 64kB, ")
    small.apply(logging.database.dsn)
    with small.agent("clerk") as clerk:
        clerk.execute("SET work_mem = '64kB'")
        with refused("53400"):
            clerk.execute("SELECT 1 FROM generate_series(1, 100000) AS i ORDER BY -i OFFSET 99999")
