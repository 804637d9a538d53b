"""The command line in the hands of the installer."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pgmoat.devpg.install import find_wheel_binaries
from tests.acceptance.command import Command
from tests.integration.nosuper.conftest import Site


@pytest.fixture
def command(plain: Site, tmp_path: Path) -> Command:
    (tmp_path / "moat.yaml").write_text(plain.policy_text)
    return Command(tmp_path, plain.dsn)


def run_psql(dsn: str, script: str) -> None:
    psql = find_wheel_binaries() / "psql"
    done = subprocess.run(
        [psql, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", dsn],
        input=script,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_from_plan_to_destroy(site: Site, tmp_path: Path) -> None:
    (tmp_path / "moat.yaml").write_text(site.policy_text)
    command = Command(tmp_path, site.dsn)
    assert "optional step temp-files" in command("plan").out
    done = command("apply", "--yes")
    assert done.code == 0, done.err
    assert command("plan", "--check").code == 0
    done = command("task", "open", "clerk", "t-1")
    assert done.code == 0, done.err
    assert command("task", "show", "clerk", "t-1").code == 0
    assert command("freeze", "clerk", "--hard", "--reason", "x").code == 0
    assert command("thaw", "clerk").code == 0
    assert command("task", "close", "clerk", "t-1").code == 0
    assert command("history").code == 0
    site.run("UPDATE app.orders SET deleted_at = now() WHERE id = 1")
    done = command("destroy", "--everything", "--yes")
    assert done.code == 0, done.err
    assert "1 soft-deleted rows of app.orders become ordinary rows again" in done.err
    assert site.tell_traces() == []


def test_superuser_sql(plain: Site, command: Command) -> None:
    assert command("apply", "--yes").code == 0
    script = command("plan", "--superuser-sql")
    assert script.code == 0
    assert "fill the disk" in script.out
    assert {step["name"] for step in command("plan", "--json").json["superuser_steps"]} >= {"temp-files"}
    run_psql(plain.database.dsn, script.out)
    assert command("plan", "--superuser-sql").out == "-- pgmoat: nothing is left to a superuser\n"
    assert "optional step" not in command("plan").out
    assert command("plan", "--superuser-sql", "--sql").code == 1


def test_the_printed_script_does_what_apply_does(site: Site, tmp_path: Path) -> None:
    (tmp_path / "moat.yaml").write_text(site.policy_text)
    run_psql(site.dsn, Command(tmp_path, site.dsn)("plan", "--sql").out)
    assert site.plan().plan.is_in_order


def test_what_is_missing_blocks(plain: Site, command: Command) -> None:
    plain.run("REVOKE PREFIXcrm FROM PREFIXinstaller")
    done = command("apply", "--yes")
    assert done.code == 1
    assert "entities.customers.table: crm.customers belongs to" in done.out
    assert "1 error (plan-blocked)" in done.err
    assert f'GRANT "{plain.prefix}crm" TO "{plain.installer}";' in done.out
    assert plain.tell_traces() == []
