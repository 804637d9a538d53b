"""
The README, the tutorial and the page on Python, run as they are written: every command, and every line of
output that they show.

Their blocks: ``sql title=FILE``, ``yaml title=FILE`` and ``python title=FILE`` are files, ``console`` holds
commands (``$``, continued with ``>``), each followed by its output, in which ``…`` stands for anything.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from pgmoat.devpg.install import find_wheel_binaries
from tests.postgres_fixtures import Database, PostgresServer
from tests.store_fixtures import open_template

ROOT = Path(__file__).parents[2]
README_SHOP = """
CREATE TABLE orders (id bigint PRIMARY KEY, usr_id bigint NOT NULL, stat_cd int NOT NULL, flg_1 boolean);
INSERT INTO orders SELECT n, n % 100, (ARRAY[1, 2, 5, 7, 9])[1 + n % 5] FROM generate_series(1, 500) AS n;
"""
TIMEOUT_S = 600
_BLOCK = re.compile(r"^```(\w+)(?: title=(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_MARK = "=====after:"


@dataclass(slots=True)
class Step:
    """One command and the output lines that the tutorial shows below it."""

    command: str
    shown: list[str] = field(default_factory=list[str])


def test_the_tutorial_does_what_it_says(database: Database, role_prefix: str, tmp_path: Path) -> None:
    _check(_read_own(ROOT / "docs" / "tutorial.md", role_prefix), database, tmp_path)


def test_agents_in_python_do_what_the_page_says(database: Database, role_prefix: str, tmp_path: Path) -> None:
    page = ROOT / "docs" / "how-to" / "run-agents-in-python.md"
    _check(_read_own(page, role_prefix), database, tmp_path)


def test_the_readme_does_what_it_says(database: Database, role_prefix: str, tmp_path: Path) -> None:
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute(README_SHOP)
    before, _, after = _split_readme(_read_own(ROOT / "README.md", role_prefix))
    _check(before + after, database, tmp_path)


def test_the_readme_starts_from_the_database_that_it_names(
    server: PostgresServer, role_prefix: str, tmp_path: Path
) -> None:
    text = _split_readme(_read_own(ROOT / "README.md", role_prefix))[1]
    website = f"{role_prefix}website"
    with open_template(server, "northwind.sql") as database:
        with psycopg.connect(database.dsn, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(website)))
            connection.execute(
                sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}").format(
                    sql.Identifier(website)
                )
            )
        (tmp_path / "moat.yaml").write_text(f"version: 1\n{_name_roles(role_prefix)}\n")
        text = re.sub(r"\bwebsite\b", website, text).replace(
            "database northwind", f"database {database.name}"
        )
        _check(text, database, tmp_path)


def _split_readme(text: str) -> tuple[str, str, str]:
    """Return what stands before, in and after the section on a database that is there already."""
    before, heading, rest = text.partition("## Start from the database you have\n")
    assert heading
    end = rest.index("\n## ")
    return before, rest[:end], rest[end:]


def _check(text: str, database: Database, tmp_path: Path) -> None:
    steps = list(_read_steps(text))
    assert len(steps) > 3
    outputs = _run(steps, text, database, tmp_path)
    missing = [
        f"$ {step.command}\n  shown:  {line}\n  output:\n{output}"
        for step, output in zip(steps, outputs, strict=True)
        for line in step.shown
        if not _occurs(line, output)
    ]
    assert not missing, "\n".join(missing)


def _read_own(document: Path, prefix: str) -> str:
    """Return a page with role names of the test's own: roles belong to the server."""
    text = document.read_text()
    text = re.sub(r"\bagent_(?=[a-z])", f"{prefix}a_", text)
    text = re.sub(r"\bpgmoat_(?=(owner|views|writer|orchestrator|monitor)\b)", f"{prefix}s_", text)
    assert "\nversion: 1\n" in text
    return text.replace("\nversion: 1\n", f"\nversion: 1\n{_name_roles(prefix)}\n", 1)


def _name_roles(prefix: str) -> str:
    return f"settings: {{agent_role_prefix: {prefix}a_, system_role_prefix: {prefix}s_}}"


def _read_steps(text: str) -> Iterator[Step]:
    for kind, _, body in _BLOCK.findall(text):
        if kind != "console":
            continue
        step: Step | None = None
        for line in body.splitlines():
            if line.startswith("$ "):
                if step:
                    yield step
                step = Step(line[2:])
            elif step and not step.shown and (line.startswith("> ") or line == ">"):
                step.command += "\n" + line[2:]
            elif step and line.strip():
                step.shown.append(line)
        if step:
            yield step


def _run(steps: list[Step], text: str, database: Database, directory: Path) -> list[str]:
    """Run all commands in one shell; return what each printed."""
    for kind, name, body in _BLOCK.findall(text):
        if name:
            assert kind != "console"
            (directory / name).write_text(body)
    programs = directory / "bin"
    programs.mkdir()
    for name, command in (("pgmoat", "-m pgmoat"), ("python", "")):
        wrapper = programs / name
        wrapper.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {command} "$@"\n')
        wrapper.chmod(0o700)
    script = "exec 2>&1\n" + "".join(f"{step.command}\necho; echo {_MARK} $?\n" for step in steps)
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PG") and k != "DATABASE_URL"}
    path = f"{programs}:{find_wheel_binaries()}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=directory,
        env={
            **kept,
            "PATH": path,
            "DATABASE_URL": database.dsn,
            "COLUMNS": "160",
            "NO_COLOR": "1",
            "TZ": "UTC",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )
    outputs = re.split(rf"^{_MARK} \d+\n", done.stdout, flags=re.MULTILINE)[:-1]
    assert len(outputs) == len(steps), done.stdout[-2000:]
    return outputs


def _occurs(shown: str, output: str) -> bool:
    """Whether a line of *output* is the one *shown*, apart from numbers of blanks and what … hides."""
    pattern = ".*".join(re.escape(_squeeze(part)) for part in _squeeze(shown).split("…"))
    return any(re.fullmatch(pattern, _squeeze(line)) for line in output.splitlines())


def _squeeze(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
