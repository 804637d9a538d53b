"""An agent that is to be watched works only while it is."""

from __future__ import annotations

import pytest

from tests.integration.watchdog.conftest import Post, wait_for
from tests.moat_fixtures import Moat, refused


def is_beating(moat: Moat) -> bool:
    return moat.value("SELECT good_until > clock_timestamp() FROM pgmoat.heartbeat")


@pytest.mark.parametrize(
    "statement", ["SELECT count(*) FROM notes", "UPDATE notes SET body = 'x' WHERE id = 1"]
)
def test_with_a_token(post: Post, moat: Moat, statement: str) -> None:
    token = moat.open_task("watched")
    with refused("PM033") as caught, moat.task("watched", token) as agent:
        agent.execute(statement.encode())
    assert caught.value.diag.message_detail == "Last round: never"
    with post.watch():
        wait_for(lambda: is_beating(moat))
        with moat.task("watched", token) as agent:
            agent.execute(statement.encode())
    moat.run("UPDATE pgmoat.heartbeat SET good_until = clock_timestamp() - interval '1 ms'")
    with refused("PM033"), moat.task("watched", token) as agent:
        agent.execute(statement.encode())


def test_with_a_name(post: Post, moat: Moat) -> None:
    with refused("PM033"), moat.connect("watched", application_name="pgmoat:N-1:s") as agent:
        agent.execute("SELECT count(*) FROM notes")
    with post.watch():
        wait_for(lambda: is_beating(moat))
        with moat.connect("watched", application_name="pgmoat:N-1:s") as agent:
            agent.execute("SELECT count(*) FROM notes")


def test_others_do_not_notice(post: Post, moat: Moat) -> None:
    assert post.incidents() == []
    with moat.task("slow") as agent:
        agent.execute("SELECT count(*) FROM notes")


def test_only_the_leader_beats(post: Post, moat: Moat) -> None:
    with post.connect() as first, post.connect() as second:
        assert first.execute("SELECT pgmoat.lead_watch('a', 60000)").fetchone() == (True,)
        assert second.execute("SELECT pgmoat.lead_watch('b', 60000)").fetchone() == (False,)
        assert second.execute("SELECT pgmoat.beat('b', 5000)").fetchone() == (False,)
        assert not is_beating(moat)
        assert first.execute("SELECT pgmoat.beat('a', 999999)").fetchone() == (True,)
        assert moat.value("SELECT good_until <= clock_timestamp() + interval '1 min' FROM pgmoat.heartbeat")
