"""Incidents are told to a webhook: each, in order, signed, through restarts; and nobody waits for it."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import psycopg
import pytest

from pgmoat.cli.main import run
from pgmoat.watchdog.hook import parse_hook
from pgmoat.watchdog.loop import run_watch
from tests.approval_fixtures import hold
from tests.integration.watchdog.conftest import QUICK, Post, Running, wait_for
from tests.moat_fixtures import Moat

SECRET = "a key of the receiver's"  # noqa: S105 - a test's


@dataclass
class Receiver:
    """An HTTP server that keeps what it gets, and answers as it is told to."""

    server: ThreadingHTTPServer
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list[tuple[dict[str, str], bytes]])
    answers: list[int] = field(default_factory=list[int])  # of the next requests, 0: none; then 200
    tried: int = 0
    hold_s: float = 0
    location: str = ""

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server.server_port}/hook/SECRET-PATH"

    @property
    def ids(self) -> list[int]:
        """The incidents that it accepted."""
        return [json.loads(body)["id"] for _, body in self.got]


@pytest.fixture
def receiver() -> Generator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.tried += 1
            time.sleep(receiver.hold_s)
            status = receiver.answers.pop(0) if receiver.answers else 200
            if status == 0:
                self.close_connection = True
                return
            if status == 200:
                receiver.got.append((dict(self.headers), body))
            self.send_response(status)
            if receiver.location:
                self.send_header("Location", receiver.location)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = Receiver(server)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield receiver
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def no_webhook(moat: Moat) -> None:
    moat.run("TRUNCATE pgmoat.webhook")


@dataclass
class Watching:
    """A watchdog with a webhook, in a thread."""

    post: Post
    url: str
    running: Running = field(default_factory=Running)

    def __enter__(self) -> Running:
        self.stop = threading.Event()
        arguments = (self.post.connect, QUICK, self.running.output(), self.stop, parse_hook(self.url, SECRET))
        self.thread = threading.Thread(target=run_watch, args=arguments, daemon=True)
        self.thread.start()
        wait_for(lambda: self.post.moat.value("SELECT count(*) FROM pgmoat.webhook"))
        return self.running

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.thread.join(20)


def report(moat: Moat, number: int = 1) -> list[int]:
    """Record incidents, and return their numbers."""
    rows = moat.read(
        "SELECT pgmoat.record_incident('clerk', 'T-1', 's', 'statement-timeout', 'cancelled', n::text,"
        ' \'{"limit": 1, "found": 2}\') FROM generate_series(1, %s) AS n',
        number,
    )
    return [value for (value,) in rows]


def read_webhook(moat: Moat) -> Any:
    ((row,),) = moat.read("SELECT to_jsonb(w) FROM pgmoat.webhook AS w")
    return row


def test_each_in_order_and_signed(post: Post, moat: Moat, receiver: Receiver) -> None:
    report(moat, 3)  # before it began
    with Watching(post, receiver.url):
        told = report(moat, 60)
        wait_for(lambda: len(receiver.got) >= 60)
    assert receiver.ids == told
    headers, body = receiver.got[0]
    stamp = headers["X-Pgmoat-Timestamp"]
    signature = hmac.new(SECRET.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert headers["X-Pgmoat-Signature"] == f"sha256={signature}"
    assert headers["Idempotency-Key"] == str(told[0])
    assert abs(time.time() - int(stamp)) < 120
    sent = json.loads(body)
    assert sent["text"] == "pgmoat: clerk/T-1/s statement-timeout cancelled: ran 0.0 s, 0.0 s are allowed"
    columns = moat.value("SELECT to_jsonb(i) FROM pgmoat.incident AS i WHERE id = %s", told[0])
    assert sent["incident"].keys() == columns.keys()
    row = read_webhook(moat)
    assert (row["delivered"], row["dropped"], row["last_incident"]) == (60, 0, told[-1])
    assert "SECRET-PATH" not in json.dumps(row)


def test_what_is_held_and_decided_is_told(post: Post, moat: Moat, receiver: Receiver) -> None:
    with Watching(post, receiver.url):
        number = hold(moat, "clerk", task="T-1", operation="write()", why="it writes 60 rows, more than 20")
        moat.run(
            "SELECT pgmoat.record_incident(agent, task_id, step, 'approval', 'held', 'approval:' || id,"
            " jsonb_build_object('operation', operation, 'affected', affected, 'why', why))"
            " FROM pgmoat.approvals WHERE id = %s",
            number,
        )
        moat.run(
            "SELECT pgmoat.decide(id, fingerprint, false, 'Ada (dashboard)', 'not today')"
            " FROM pgmoat.approvals WHERE id = %s",
            number,
        )
        wait_for(lambda: len(receiver.got) >= 2)
    held, decided = (json.loads(body)["text"] for _, body in receiver.got)
    about = f"number {number}, 1 row"
    assert held == f"pgmoat: clerk/T-1 write() held: {about}; it writes 60 rows, more than 20"
    assert decided == (
        f"pgmoat: clerk/T-1 write() rejected by Ada (dashboard): {about}; not today;"
        " it writes 60 rows, more than 20"
    )


def test_a_restart_goes_on_where_it_was(post: Post, moat: Moat, receiver: Receiver) -> None:
    with Watching(post, receiver.url):
        first = report(moat, 2)
        wait_for(lambda: len(receiver.got) >= 2)
    second = report(moat, 2)  # while nobody watches
    with Watching(post, receiver.url):
        third = report(moat, 1)
        wait_for(lambda: len(receiver.got) >= 5)
    assert receiver.ids == [*first, *second, *third]


def test_it_tries_again_and_keeps_the_order(post: Post, moat: Moat, receiver: Receiver) -> None:
    receiver.answers = [500, 429, 200, 408]
    with Watching(post, receiver.url) as running:
        told = report(moat, 2)
        wait_for(lambda: len(receiver.got) >= 2, 30)
        wait_for(lambda: read_webhook(moat)["delivered"] == 2)
    assert receiver.ids == told
    row = read_webhook(moat)
    assert (row["attempts"], row["failing_since"], row["last_error"], row["dropped"]) == (0, None, None, 0)
    host = f"http://127.0.0.1:{receiver.server.server_port}"
    assert f"webhook {host}: HTTP 500; trying again" in running.notes
    assert f"webhook {host}: delivered again" in running.notes
    assert "SECRET-PATH" not in str(running.notes)


def test_what_is_refused_is_given_up(post: Post, moat: Moat, receiver: Receiver) -> None:
    receiver.answers = [400] * 2
    with Watching(post, receiver.url) as running:
        moat.run("UPDATE pgmoat.webhook SET attempts = 3")  # of an earlier leader
        told = report(moat, 2)
        wait_for(lambda: read_webhook(moat)["delivered"] == 1, 30)
    assert (receiver.tried, receiver.ids) == (3, told[1:])
    assert read_webhook(moat)["dropped"] == 1
    assert any(f"INCIDENT {told[0]} WAS NOT DELIVERED" in note for note in running.notes)


def fail_often(post: Post, moat: Moat, receiver: Receiver) -> list[int]:
    """Record two incidents, the first of which was tried twenty times."""
    with Watching(post, receiver.url):
        pass
    told = report(moat, 2)
    moat.run("UPDATE pgmoat.webhook SET attempts = 20")
    time.sleep(1.2)  # both are old enough to be sent
    return told


def test_what_alone_is_not_taken_does_not_stop_the_others(post: Post, moat: Moat, receiver: Receiver) -> None:
    told = fail_often(post, moat, receiver)
    receiver.answers = [0]
    with Watching(post, receiver.url) as running:
        wait_for(lambda: read_webhook(moat)["delivered"] == 1, 30)
    assert set(receiver.ids) == {told[1]}
    assert read_webhook(moat)["dropped"] == 1
    assert any(f"INCIDENT {told[0]} WAS NOT DELIVERED" in note for note in running.notes)


@pytest.mark.parametrize("answers", [[0, 0], [502, 502], [429]])
def test_who_takes_nothing_is_waited_for(
    post: Post, moat: Moat, receiver: Receiver, answers: list[int]
) -> None:
    told = fail_often(post, moat, receiver)
    receiver.answers = [*answers]
    with Watching(post, receiver.url):
        wait_for(lambda: read_webhook(moat)["attempts"] == 21, 30)
    assert (receiver.tried, receiver.got) == (len(answers), [])
    row = read_webhook(moat)
    assert row["dropped"] == 0
    assert row["last_incident"] < told[0]


def test_no_redirect_is_followed(post: Post, moat: Moat, receiver: Receiver) -> None:
    receiver.answers = [307]
    receiver.location = f"http://localhost:{receiver.server.server_port}/elsewhere"
    with Watching(post, receiver.url) as running:
        report(moat)
        wait_for(lambda: any("HTTP 307" in note for note in running.notes))
        assert (receiver.tried, receiver.got) == (1, [])


def test_nobody_waits_for_it(post: Post, moat: Moat, receiver: Receiver) -> None:
    """It hangs, then it is gone: rounds go on, and what happened meanwhile is told afterwards."""
    receiver.hold_s = 6
    with Watching(post, receiver.url) as running, moat.connect("clerk") as clerk:
        told = report(moat)
        wait_for(lambda: receiver.tried == 1)
        beat = moat.value("SELECT at FROM pgmoat.heartbeat")
        clerk.execute("SET statement_timeout = 0")
        with pytest.raises(psycopg.errors.QueryCanceled):
            clerk.execute("SELECT pg_sleep(9)")
        wait_for(lambda: running.incidents)
        assert receiver.got == []  # still hanging
        assert moat.value("SELECT at FROM pgmoat.heartbeat") > beat
        receiver.hold_s = 0
        wait_for(lambda: len(receiver.got) == 2)
    assert receiver.ids[0] == told[0]


def test_the_process(post: Post, moat: Moat, receiver: Receiver) -> None:
    environment = {**os.environ, "PGMOAT_DSN": post.dsn, "PGMOAT_WEBHOOK_SECRET": SECRET}
    process = subprocess.Popen(
        [sys.executable, "-m", "pgmoat", "watch", "--webhook", receiver.url],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_for(lambda: moat.value("SELECT count(*) FROM pgmoat.webhook"))
        told = report(moat)
        wait_for(lambda: receiver.ids == told)
    finally:
        process.terminate()
        _, said = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "SECRET" not in said
    assert receiver.got[0][0]["X-Pgmoat-Signature"]


def test_only_the_leader_notes_it(post: Post, moat: Moat) -> None:
    moat.run("UPDATE pgmoat.lease SET holder = 'me', leased_until = now() + interval '1 minute'")
    with post.connect() as watcher:
        mark = "SELECT pgmoat.mark_webhook(%s, 'w', %s, true, NULL)"
        assert watcher.execute(mark, ("other", None)).fetchone() == (False,)
        assert moat.value("SELECT count(*) FROM pgmoat.webhook") == 0
        assert watcher.execute(mark, ("me", None)).fetchone() == (True,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            watcher.execute("UPDATE pgmoat.webhook SET last_incident = 9")


def test_not_for_one_round(post: Post, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["watch", "--once", "--webhook", "http://localhost/x", "--dsn", post.dsn]) == 1
    assert run(["watch", "--webhook", "http://hooks.example/s3cret", "--dsn", post.dsn]) == 1
    shown = capsys.readouterr().err
    assert "clear text" in shown
    assert "s3cret" not in shown
