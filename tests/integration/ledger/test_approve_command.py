"""`pgmoat approvals`, `approve` and `reject` as a person runs them."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Generator
from dataclasses import dataclass

import pytest
from psycopg.conninfo import conninfo_to_dict

from pgmoat.cli.main import run
from tests.acceptance.command import Answer
from tests.approval_fixtures import clear, finish, hold, state_of
from tests.dashboard_fixtures import hire
from tests.moat_fixtures import Moat

UPDATE = {
    "entity": "notes",
    "operation": "update",
    "before": {"id": 7, "body": None},
    "after": {"id": 7, "body": "paid back"},
}


@pytest.fixture(autouse=True)
def cleared(desk: Moat) -> Generator[None]:
    clear(desk)
    yield
    clear(desk)


@dataclass(frozen=True, slots=True)
class Command:
    """The command line in this process, which takes a tenth of the time; nobody is at its terminal."""

    dsn: str
    output: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str) -> Answer:
        """Run ``pgmoat ARGUMENTS``."""
        code = run([*arguments, "--dsn", self.dsn])
        out, err = self.output.readouterr()
        return Answer(code, out, err)

    def must(self, *arguments: str) -> Answer:
        """Run a command that has to succeed."""
        answer = self(*arguments)
        assert answer.code == 0, answer
        return answer


@pytest.fixture(scope="module")
def approver_dsn(desk: Moat) -> str:
    """A login that is an approver and nothing else."""
    return hire(desk, "boss", "approver")


@pytest.fixture
def command(approver_dsn: str, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(approver_dsn, capsys)


def answer_at_a_terminal(command: Command, word: str, *arguments: str) -> Answer:
    """Run a command at a terminal at which a person answers its question with *word*."""
    master, slave = pty.openpty()
    try:
        os.write(master, f"{word}\n".encode())
        done = subprocess.run(
            [sys.executable, "-m", "pgmoat", *arguments],
            env={**os.environ, "PGMOAT_DSN": command.dsn, "NO_COLOR": "1"},
            stdin=slave,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
    finally:
        os.close(master)
        os.close(slave)
    return Answer(done.returncode, done.stdout, done.stderr)


def test_the_list_and_what_is_in_it(command: Command, desk: Moat) -> None:
    assert command.must("approvals").out == "nothing waits\n"
    assert command.must("approvals", "--agent", "clerk").out == "nothing waits\n"
    waits = hold(desk, "clerk", task="N-1", why="amount > 100", preview=[UPDATE])
    done = hold(desk, "reader", operation="write()", request={"sql": "SELECT 1", "parameters": [None]})
    command.must("approve", str(done), "--yes", "--reason", "go on")
    finish(desk, done)
    header, line = command.must("approvals").out.splitlines()
    assert header.split()[:4] == ["number", "state", "agent", "task"]
    for said in (str(waits), "pending", "clerk", "N-1", "refund_all", "amount > 100"):
        assert said in line
    both = command.must("approvals", "--all").out.splitlines()
    assert len(both) == 3
    assert "go on" in both[2]
    assert command.must("approvals", "--agent", "reader").out == "nothing waits\n"
    (found,) = command.must("approvals", "--json").json
    assert found["rows"] == [
        UPDATE | {"before": {"id": "7", "body": None}, "after": {"id": "7", "body": "paid back"}}
    ]
    assert found["fingerprint"] == desk.value(
        "SELECT encode(fingerprint, 'hex') FROM pgmoat.approval WHERE id = %s", waits
    )
    assert (found["id"], found["state"], found["statement"]) == (waits, "pending", None)
    assert found["arguments"] == [{"name": "amount", "value": "12"}]
    second = command.must("approvals", "--all", "--json").json[1]
    assert (second["state"], second["statement"]) == ("done", "SELECT 1")
    assert second["arguments"] == [{"name": "$1", "value": None}]
    assert len(command.must("approvals", "--all", "--limit", "1", "--json").json) == 1


def test_approve_shows_and_asks(command: Command, desk: Moat) -> None:
    number = hold(
        desk,
        "clerk",
        step="pay",
        task="N-2",
        reason="ordered twice",
        preview=[UPDATE],
        affected=300,
        is_cut=True,
    )
    said = answer_at_a_terminal(command, "n", "approve", str(number))
    assert said.code == 1
    assert state_of(desk, number) == "pending"
    said = answer_at_a_terminal(command, "y", "approve", str(number))
    assert said.code == 0, said
    for line in (
        f"number {number}: refund_all of agent clerk, pending",
        "  task     N-2",
        "  step     pay",
        "  reason   ordered twice",
        "    amount = 12",
        "  would write 300 rows, of which the first 1 are kept:",
        "  ~ update notes, 1 row",
        "      id = 7: body: NULL -> paid back",
        f"number {number} is approved",
    ):
        assert line in said.out
    assert "Approve it?" in said.out
    assert state_of(desk, number) == "approved"
    (row,) = desk.read("SELECT decided_as, decision_reason FROM pgmoat.approvals WHERE id = %s", number)
    assert row[0].endswith(" (pgmoat)")
    assert row[1] is None


def test_rows_have_key_and_changes_first_and_no_value_passes_for_two(command: Command, desk: Moat) -> None:
    def update(before: dict[str, object], after: dict[str, object]) -> dict[str, object]:
        return {"entity": "notes", "operation": "update", "before": before, "after": before | after}

    number = hold(
        desk,
        "clerk",
        preview=[
            update({"name": "Tofu, fresh", "id": 10, "units": 1, "note": None}, {"units": 9, "note": "NULL"}),
            update({"name": "Chai", "id": 9, "units": 2, "note": "a"}, {"note": "b, units: 2 -> 3"}),
            update({"name": "Chang", "id": 8, "units": 2, "note": "a"}, {}),
            {"entity": "notes", "operation": "delete", "before": {"id": 4, "body": None}, "after": None},
            {"entity": "notes", "operation": "insert", "before": None, "after": {"id": 3, "body": ""}},
        ],
    )
    shown = command("approve", str(number)).out.partition("would write 5 rows:\n")[2]
    assert shown.splitlines()[:13] == [
        "  ~ update notes, 3 rows, 1 of them unchanged",
        "      id = 8: changes nothing",
        "          unchanged: name = Chang, note = a, units = 2",
        '      id = 9: note: a -> "b, units: 2 -> 3"',
        "          unchanged: name = Chai, units = 2",
        '      id = 10: note: NULL -> "NULL", units: 1 -> 9',
        '          unchanged: name = "Tofu, fresh"',
        "  - delete notes, 1 row",
        "      id = 4: body = NULL",
        "  + insert notes, 1 row",
        '      id = 3: body = ""',
        "",
    ]


def test_what_was_rejected_before_and_what_is_gone_is_said(command: Command, desk: Moat) -> None:
    rejected = hold(desk, "clerk", operation="write()")
    command.must("reject", str(rejected), "--yes", "--reason", "not before the audit")
    again, other = hold(desk, "clerk", operation="write()"), hold(desk, "clerk")
    words = f"the same request was rejected as number {rejected} by "
    shown = command("approve", str(again), str(other)).out
    assert shown.count(words) == 1
    assert "(pgmoat): not before the audit\n" in shown
    assert shown.count("refund_all is not in the database any more: this cannot run") == 1
    first, second = command.must("approvals").out.splitlines()[1:]
    assert words in first
    assert "refund_all is not in the database any more" in second
    as_json = command.must("approvals", "--all", "--json").json
    assert [found["has_operation"] for found in as_json] == [True, False, True]
    assert [found["rejected_before"] and found["rejected_before"]["id"] for found in as_json] == [
        rejected,
        None,
        None,
    ]


def test_incidents_have_the_number_and_the_login_of_a_decision(
    command: Command, desk: Moat, capsys: pytest.CaptureFixture[str], approver_dsn: str
) -> None:
    number = hold(desk, "clerk")
    command.must("approve", str(number), "--yes")
    said = Command(hire(desk, "reader_of_incidents", "monitor"), capsys).must("incidents", "--limit", "1").out
    login = conninfo_to_dict(approver_dsn)["user"]
    assert f"No. {number} refund_all (" in said
    assert f"(pgmoat), login {login})" in said


def test_nobody_to_ask(command: Command, desk: Moat) -> None:
    number = hold(desk, "clerk")
    said = command("approve", str(number))
    assert said.code == 1
    assert "--yes" in said.err
    assert state_of(desk, number) == "pending"


def test_reject_needs_a_reason(command: Command, desk: Moat) -> None:
    number = hold(desk, "clerk")
    assert command("reject", str(number), "--yes").code == 1
    assert command("reject", str(number), "--yes", "--reason", " ").code == 1
    assert state_of(desk, number) == "pending"
    command.must("reject", str(number), "--yes", "--reason", "not before the audit")
    assert desk.read("SELECT state, decision_reason FROM pgmoat.approvals WHERE id = %s", number) == [
        ("rejected", "not before the audit")
    ]


def test_several_at_once_or_none(command: Command, desk: Moat) -> None:
    first, second, third = (hold(desk, "clerk") for _ in range(3))
    command.must("reject", str(third), "--yes", "--reason", "no")
    for others in ((str(third),), (str(third + 1),), ("0",)):
        said = command("approve", str(first), *others, "--yes")
        assert said.code == 1
        assert state_of(desk, first) == "pending"
    assert "is rejected" in command("approve", str(third), "--yes").err
    assert "not-found" in command("approve", str(third + 1), "--yes").err
    said = command.must("approve", str(first), str(second), str(first), "--yes")
    assert f"number {first} is approved\nnumber {second} is approved\n" in said.out
    assert {state_of(desk, number) for number in (first, second)} == {"approved"}


def test_a_fingerprint_binds_a_script_to_what_was_looked_at(command: Command, desk: Moat) -> None:
    number, other = hold(desk, "clerk"), hold(desk, "clerk")
    shown = command.must("approvals", "--json").json[0]["fingerprint"]
    desk.run("UPDATE pgmoat.approval SET fingerprint = '\\x03' WHERE id = %s", number)
    for wrong in (shown, "", "nonsense"):
        said = command("approve", str(number), "--yes", "--fingerprint", wrong)
        assert said.code == 1
        assert "another fingerprint: 03" in said.err
    assert command("approve", str(number), str(other), "--yes", "--fingerprint", "03").code == 1
    assert state_of(desk, number) == "pending"
    command.must("approve", str(number), "--yes", "--fingerprint", "03")
    assert state_of(desk, number) == "approved"


def test_an_agent_writes_nothing_on_the_terminal(command: Command, desk: Moat) -> None:
    hostile = "x\x1b[2J\r\nnumber 1 is approved\u202e\x9b31m"
    number = hold(
        desk,
        "clerk",
        step=hostile,
        key=hostile,
        why=hostile,
        reason=hostile,
        operation="write()",
        request={"sql": f"UPDATE notes\nSET {hostile}", "parameters": [hostile, {"a": hostile}]},
        preview=[UPDATE | {"after": {"id": 8, "body": hostile, hostile: "W" * 9_000}}],
    )
    shown = command("reject", str(number), "--reason", "x").out
    as_json = command.must("approvals", "--json")
    for said in (shown, command.must("approvals").out, as_json.out):
        assert "number 1 is approved" in said
        assert not any(hidden in said for hidden in ("\x1b", "\r", "\x9b", "\u202e"))
        assert "\nnumber 1 is approved" not in said
    assert "  | UPDATE notes\n  | SET x\\x1b[2J\\r\n  | number 1 is approved" in shown
    assert as_json.json[0]["key"] == hostile


def test_long_texts_are_cut_and_say_so(command: Command, desk: Moat) -> None:
    long = "W" * 9_000
    number = hold(desk, "clerk", request={"note": long}, preview=[UPDATE | {"after": {"body": long}}])
    shown = command("reject", str(number), "--reason", "x").out
    assert long not in shown
    assert shown.count("… (cut: 9000 characters; pgmoat approvals --json has all)") == 2
    assert json.dumps(long) in command.must("approvals", "--json").out


@pytest.mark.parametrize("role", ["monitor", "orchestrator"])
def test_a_login_without_the_role_is_told_which(
    desk: Moat, capsys: pytest.CaptureFixture[str], role: str
) -> None:
    number = hold(desk, "clerk")
    command = Command(hire(desk, f"no_{role}", role), capsys)
    said = command("approve", str(number), "--yes")
    assert said.code == 1
    assert f"member of {desk.system_role('approver')}" in said.err
    said = command("approvals")
    if role == "monitor":
        assert str(number) in said.out
    else:
        assert said.code == 1
        assert "pgmoat_approver" in said.err
    assert state_of(desk, number) == "pending"
