"""Whose statement it is: in pg_stat_activity and in the server's log, and no way to break out of it."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Generator
from pathlib import Path
from urllib.parse import unquote

import pytest
from psycopg import sql
from psycopg.errors import UndefinedFile

from pgmoat.runtime import AsyncMoat, Moat
from pgmoat.runtime.tag import render_application_name
from tests.integration.runtime.conftest import QUICK, Opener
from tests.integration.runtime.shop import POLICY, RESET, SCHEMA
from tests.moat_fixtures import Moat as Site
from tests.moat_fixtures import open_moat
from tests.postgres_fixtures import start_chosen_server

EVIL = ("*/ DROP TABLE orders; /*", "a'b\"c", "100% %s %(x)s", "Zürich 🚢", "x',task_id='other", "$1 ; --")


@pytest.mark.parametrize("name", EVIL)
def test_no_name_breaks_out(moat: Moat, name: str) -> None:
    """Nothing of a task or step is SQL, and it can be read back."""
    with moat.task("support", f"T {name}") as task, task.step(name):
        found = task.query("SELECT id FROM orders WHERE id = :id", {"id": 1})
        written = task.write("UPDATE orders SET visits = 1 WHERE id = :id", {"id": 1})
    assert (len(found), written.affected) == (1, 1)


def test_the_record_keeps_the_tag(moat: Moat, shop: Site) -> None:
    with moat.task("support", "T-1") as task, task.step("look it up"):
        task.write("UPDATE orders SET visits = 1 WHERE id = 1")
    text, step = shop.read("SELECT query, step FROM pgmoat.statement WHERE rows > 0")[0]
    assert text.startswith("/*agent_id='support-v1',step='look%20it%20up',task_id='T-1'*/ UPDATE orders")
    assert step == "look it up"


def test_the_policy_chooses_where(moat: Moat, shop: Site) -> None:
    with moat.task("narrow", "T-1") as task:
        task.write("UPDATE orders SET visits = 1 WHERE id = 1")
    assert shop.value("SELECT query FROM pgmoat.statement WHERE rows > 0").startswith("UPDATE orders")


def test_the_activity_view_shows_name_and_comment(make_runtime: Opener, route: str, shop: Site) -> None:
    """Also while the transaction is idle, when another statement has run since."""
    moat = make_runtime(route)
    with moat.task("support", "T-1") as task, task.step("think"), task.transaction() as transaction:
        transaction.query("SELECT id FROM orders WHERE id = 1")
        rows = shop.read(
            "SELECT application_name, query FROM pg_stat_activity"
            " WHERE usename = %s AND state = 'idle in transaction'",
            shop.role("support"),
        )
    assert [name for name, _ in rows] == ["pgmoat:T-1:think"]
    assert rows[0][1].startswith("/*agent_id='support-v1',step='think',task_id='T-1'*/ ")


@pytest.fixture(scope="module")
def logged() -> Generator[tuple[Site, Path]]:
    """A shop on a server that logs every statement with the name of its session."""
    settings = {"log_statement": "all", "log_line_prefix": "<%a|%u> "}
    with start_chosen_server(settings) as server, open_moat(server, SCHEMA, POLICY) as site:
        assert server.log_file is not None
        site.run(RESET)
        yield site, server.log_file


def test_fifty_tasks_at_once_do_not_mix(logged: tuple[Site, Path], route: str) -> None:
    """Each statement in the server's log carries its own agent, task and step, and nobody else's."""
    site, log = logged
    log_before = len(log.read_bytes())

    async def work(moat: AsyncMoat, number: int) -> None:
        agent = "support" if number % 2 else "second"
        async with moat.task(agent, f"{route}-{number}") as task:
            for round_number in range(4):
                with task.step(f"s{number}.{round_number}"):
                    await asyncio.sleep(0)
                    found = await task.query(
                        "SELECT :number::int AS number, id FROM orders WHERE id = :id",
                        {"number": number, "id": number + 1},
                    )
                    assert found[0] == {"number": number, "id": number + 1}
                    await asyncio.sleep(0.001 * (number % 3))
                    await task.write(
                        "UPDATE orders SET visits = visits + 1, note = :note WHERE id = :id",
                        {"id": number + 1, "note": f"n{number}.{round_number}"},
                    )

    async def work_all() -> None:
        async with AsyncMoat(
            site.policy, dsns=site.dsns(route), orchestrator_dsn=site.database.dsn, backoff=QUICK
        ) as moat:
            await asyncio.gather(*(work(moat, number) for number in range(50)))

    asyncio.run(work_all())
    text = log.read_bytes()[log_before:].decode()
    pattern = re.compile(
        r"^<([^|>]*)\|(\w+)> LOG:  execute [^:]*: /\*([^*]*)\*/ (SELECT \* FROM|UPDATE orders)(.*?)"
        r"^<[^|>]*\|\w+> DETAIL:  [Pp]arameters: (.*?)$",
        re.MULTILINE | re.DOTALL,
    )
    seen: list[tuple[str, ...]] = []
    for name, user, comment, _, _, parameters in pattern.findall(text):
        tag = {key: unquote(value) for key, value in re.findall(r"(\w+)='([^']*)'", comment)}
        number = int(tag["task_id"].rpartition("-")[2])
        assert name == render_application_name(task_id=tag["task_id"], step=tag["step"])
        assert tag["step"].startswith(f"s{number}.")
        agent = "support" if number % 2 else "second"
        assert (tag["agent_id"], user) == (f"{agent}-v1", site.role(agent))
        assert str(number) in parameters or str(number + 1) in parameters
        seen.append((tag["task_id"], tag["step"]))
    assert len(seen) == 50 * 4 * 2
    assert len(set(seen)) == 50 * 4
    # What opens a transaction is logged before its name is set: never under the last one's.
    agents = "|".join(re.escape(site.role(agent)) for agent in ("support", "second"))
    openings = re.findall(
        rf"^<([^|>]*)\|(?:{agents})> LOG:  execute [^:]*: (?:BEGIN|SELECT pgmoat\.enter\()",
        text,
        re.MULTILINE,
    )
    assert len(openings) >= 50 * 4 * 3
    assert {name for name in openings if name.startswith("pgmoat:")} == set()
    history = site.read(
        "SELECT task_id, step, after ->> 'note' FROM pgmoat.history WHERE task_id LIKE %s", f"{route}-%"
    )
    assert len(history) == 200
    for task_id, step, note in history:
        assert (task_id, step) == (f"{route}-{note[1:].partition('.')[0]}", f"s{note[1:]}")


def test_auto_explain_shows_whose_plan_it_is(logged: tuple[Site, Path]) -> None:
    site, log = logged
    try:
        site.run("LOAD 'auto_explain'")
    except UndefinedFile:
        assert not os.environ.get("PGMOAT_TEST_SERVER", "").startswith("system"), "contrib is missing"
        pytest.skip("these binaries come without auto_explain")
    for setting in ("session_preload_libraries = auto_explain", "auto_explain.log_min_duration = 0"):
        site.run(sql.SQL("ALTER ROLE {} SET " + setting).format(sql.Identifier(site.role("second"))))
    with (
        Moat(site.policy, dsns=site.dsns(), orchestrator_dsn=site.database.dsn) as moat,
        moat.task("second", "T-plan") as task,
        task.step("count"),
    ):
        task.query("SELECT count(*) FROM orders")
    tag = "/*agent_id='second-v1',step='count',task_id='T-plan'*/"
    assert re.search(rf"Query Text: {re.escape(tag)} SELECT", log.read_text())


def test_names_do_not_stay_on_a_connection(make_runtime: Opener, route: str, shop: Site) -> None:
    """The next transaction of another task on the same connection shows nothing of the last one."""
    moat = make_runtime(route)
    with moat.task("narrow", "T-1") as first, first.step("secret step"):
        first.query("SELECT id FROM orders WHERE id = 1")
    with moat.task("narrow", "T-2") as second:
        second.write("UPDATE orders SET visits = 1 WHERE id = 1")
    names = shop.read("SELECT application_name FROM pg_stat_activity WHERE usename = %s", shop.role("narrow"))
    assert all("T-1" not in name for (name,) in names)
    assert shop.read("SELECT task_id, step FROM pgmoat.history") == [("T-2", None)]


def test_a_session_shows_no_token(shop: Site, moat: Moat) -> None:
    """Other sessions of the role read its query texts."""
    with moat.task("support", "T-1") as task, task.transaction() as transaction:
        transaction.query("SELECT id FROM orders WHERE id = 1")
        with shop.connect("support") as spy:
            texts = spy.execute("SELECT query FROM pg_stat_activity WHERE usename = session_user").fetchall()
    assert len(texts) > 1
    assert not re.search(r"moat_[0-9a-f]{64}", str(texts))
