"""Tags are where people look, and no name of a task or step gets out of them."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import unquote

import pytest
from sqlalchemy import Engine, text

from pgmoat import errors
from pgmoat.runtime import Moat
from tests.integration.runtime.sqlalchemy.conftest import EngineMaker, change_pool
from tests.moat_fixtures import Moat as Site

NASTY = [
    "*/; DROP TABLE public.orders; --",
    "'; DELETE FROM public.orders; --",
    "%s %(x)s %% %",
    "/* /* nested",
    "\\'*/ SELECT $1 {} :x",
    "日本語 😀 ́",
    "a,b='c'",
]


@pytest.mark.parametrize("name", NASTY)
def test_names_cannot_break_out(engine: Engine, tasks: Moat, shop: Site, name: str) -> None:
    with tasks.task("support", name) as task, task.step(name), engine.begin() as connection:
        tagged = connection.execute(text("SELECT current_query(), CAST(:p AS text)"), {"p": name}).one()
        plain = connection.scalar(text("SELECT current_query()"))
        connection.execute(
            text("UPDATE orders SET note = :note WHERE id = :id"),
            [{"note": name, "id": number} for number in (1, 2)],
        )
    assert tagged[1] == name
    comment, closing, rest = plain.partition("*/")
    assert (closing, rest) == ("*/", " SELECT current_query()")
    assert comment.count("'") == 6
    assert unquote(comment).count(name) == 2
    assert shop.read("SELECT DISTINCT task_id, step FROM pgmoat.history") == [(name, name)]
    assert shop.value("SELECT count(*) FROM public.orders WHERE note = %s", name) == 2
    assert shop.value("SELECT count(*) FROM public.orders WHERE deleted_at IS NULL") == 2000


@pytest.mark.parametrize("name", ["a\nb", "a\x00b", "x" * 101, "a\u2028b"])
def test_names_that_the_database_does_not_take(engine: Engine, tasks: Moat, shop: Site, name: str) -> None:
    with tasks.task("support", "T-1") as task, engine.connect() as connection:
        with task.step(name), pytest.raises(errors.AgentError):
            connection.execute(text("UPDATE orders SET visits = 1 WHERE id = 1"))
        connection.rollback()
        connection.execute(text("UPDATE orders SET visits = 1 WHERE id = 1"))
        connection.commit()
    assert shop.read("SELECT task_id, step FROM pgmoat.history") == [("T-1", None)]


@pytest.mark.parametrize("agent", ["support", "narrow"])
def test_people_see_who_works(
    make_engine: EngineMaker, tasks: Moat, shop: Site, route: str, agent: str
) -> None:
    engine = make_engine(agent, route)

    def work() -> None:
        with tasks.task(agent, "T/1") as task, task.step("wait"), engine.connect() as connection:
            connection.execute(text("SELECT pg_sleep(1)"))

    thread = threading.Thread(target=work)
    thread.start()
    seen: list[tuple[str, str]] = []
    deadline = time.monotonic() + 10
    while not seen and time.monotonic() < deadline:
        seen = [
            (name, query)
            for name, query in shop.read(
                "SELECT application_name, query FROM pg_stat_activity WHERE usename = %s AND state = 'active'"
                " AND query LIKE '%%pg_sleep%%'",
                shop.role(agent),
            )
        ]
    thread.join()
    ((name, query),) = seen
    assert name == "pgmoat:T/1:wait" or unquote(name) == "pgmoat:T/1:wait"
    comment = f"/*agent_id='{agent}-v1',step='wait',task_id='T%2F1'*/ " if agent == "support" else ""
    assert query == f"{comment}SELECT pg_sleep(1)"


def test_twenty_threads_over_a_small_pool(
    make_engine: EngineMaker, tasks: Moat, shop: Site, route: str
) -> None:
    small = change_pool(shop.policy, "support", workers=3, steps=1, overflow=1, timeout=20_000)
    engine = make_engine(route=route, policy=small)

    def work(number: int) -> None:
        for round_ in range(8):
            with tasks.task("support", f"T-{number}") as task, engine.begin() as connection:
                for part in ("a", "b"):
                    with task.step(f"{number}.{round_}{part}"):
                        query = connection.execute(
                            text(
                                "UPDATE orders SET visits = visits + 1, note = current_query() || '\n'"
                                " || current_setting('application_name') WHERE id = :id RETURNING note"
                            ),
                            {"id": number * 10 + round_ + (1000 if part == "b" else 0)},
                        ).scalar_one()
                    assert f"step='{number}.{round_}{part}',task_id='T-{number}'" in query
                    assert query.endswith(f"\npgmoat:T-{number}:{number}.{round_}{part}")

    with ThreadPoolExecutor(20) as executor:
        list(executor.map(work, range(1, 21)))
    found = shop.read("SELECT (key ->> 'id')::int, task_id, step FROM pgmoat.history")
    wanted = {
        (number * 10 + round_ + shift, f"T-{number}", f"{number}.{round_}{part}")
        for number in range(1, 21)
        for round_ in range(8)
        for part, shift in (("a", 0), ("b", 1000))
    }
    assert len(found) == 320
    assert set(found) == wanted
    assert engine.pool.checkedin() <= 2  # type: ignore[attr-defined]
