"""From an agent's write to a person's word at the command line, and back: everything is the real thing."""

from __future__ import annotations

import pytest

from pgmoat import errors
from pgmoat.cli.main import run
from pgmoat.runtime import Moat
from tests.dashboard_fixtures import hire
from tests.integration.approvals.people import count_written
from tests.moat_fixtures import Moat as Site

MANY = "UPDATE counters SET v = v + :by WHERE id <= 30"


@pytest.fixture(scope="module")
def person(installed_approval_shop: Site) -> str:
    """A login that is an approver and nothing else."""
    return hire(installed_approval_shop, "ann", "approver")


def test_sql_and_a_call_are_shown_approved_and_run(
    shop: Site, person: str, route: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def type_in(*arguments: str) -> str:
        assert run([*arguments, "--dsn", person]) == 0
        return capsys.readouterr().out

    dsns = shop.dsns(route)
    with (
        Moat(shop.policy, dsns=dsns, orchestrator_dsn=shop.database.dsn) as moat,
        moat.task("worker", "T-7") as task,
        task.step("bump"),
    ):
        with pytest.raises(errors.ApprovalRequiredError) as caught:
            task.write(MANY, {"by": 2}, reason="a new year")
        written = caught.value.approval_id
        with pytest.raises(errors.ApprovalRequiredError) as caught:
            task.call("wipe", {"counter_id": 31})
        called = caught.value.approval_id
        assert written is not None
        assert called is not None
        listed = type_in("approvals")
        assert "it writes 30 rows, more than 20" in listed
        assert "the policy asks for a person's word on every call" in listed

        shown = type_in("approve", str(written), str(called), "--yes", "--reason", "go on")
        for line in (
            f"number {written}: write() of agent worker, pending",
            "  task     T-7",
            "  step     bump",
            "  reason   a new year",
            "  | UPDATE counters SET v = v + $1 WHERE id <= 30",
            "    $1 = 2",
            "  would write 30 rows:",
            "  in all: updates 30 counters",
            "      id = 1: v: 0 -> 2",
            f"number {called}: wipe of agent worker, pending",
            "    counter_id = 31",
            "  would write 1 row:",
        ):
            assert f"{line}\n" in shown
        assert count_written(shop) == 0
        assert {entry.state for entry in map(task.outcome, (written, called))} == {"done"}
        assert count_written(shop) == 60
        assert task.write(MANY, {"by": 2}, reason="a new year").replayed
        assert count_written(shop) == 60
        assert type_in("approvals") == "nothing waits\n"
        assert type_in("approvals", "--all").count("done") == 2

        with pytest.raises(errors.ApprovalRequiredError) as caught:
            task.call("wipe", {"counter_id": 32})
        assert caught.value.approval_id is not None
        type_in("reject", str(caught.value.approval_id), "--yes", "--reason", "not that one")
        with pytest.raises(errors.ApprovalRejectedError) as rejected:
            task.call("wipe", {"counter_id": 32})
        assert "not that one" in rejected.value.detail


def test_no_agent_has_the_commands(shop: Site, person: str, capsys: pytest.CaptureFixture[str]) -> None:
    with (
        Moat(shop.policy, dsns=shop.dsns(), orchestrator_dsn=shop.database.dsn) as moat,
        moat.task("worker", "T-8") as task,
        pytest.raises(errors.ApprovalRequiredError) as caught,
    ):
        task.call("wipe", {"counter_id": 1})
    number = str(caught.value.approval_id)
    for agent in ("worker", "twin"):
        dsn = shop.dsns()[agent]
        for command in (
            ("approvals",),
            ("approve", number, "--yes"),
            ("reject", number, "--yes", "--reason", "x"),
        ):
            assert run([*command, "--dsn", dsn]) == 1
            assert number not in capsys.readouterr().out
    assert shop.read("SELECT state FROM pgmoat.approvals") == [("pending",)]
