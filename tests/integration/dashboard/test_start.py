"""Where it starts and where it refuses to, what it prints, and what it does while the database is away."""

from __future__ import annotations

import re
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import httpx
import psycopg
import pytest
from psycopg import sql

from pgmoat.http_door.server import open_socket
from pgmoat.model.address import Address
from tests.dashboard_fixtures import (
    OPERATOR,
    SCHEMA,
    VIEWER,
    Shop,
    find_port,
    make_certificate,
    open_shop,
    serve,
    wait_for,
)
from tests.moat_fixtures import open_moat
from tests.postgres_fixtures import Database, PostgresServer, start_chosen_server

NOWHERE = "postgresql://nobody@127.0.0.1:1/none"


def run(*options: str, **environ: str) -> tuple[int, str]:
    """Run ``pgmoat serve`` where it cannot start; return its exit code and what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "pgmoat", "serve", "--dsn", NOWHERE, *options],
        env={"PATH": "/usr/bin:/bin", **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--listen", "0.0.0.0:0"), "unencrypted"),
        (("--listen", "192.0.2.7:8642"), "unencrypted"),
        (("--listen", "moat.example:8642"), "unencrypted"),
        (("--listen", "[2001:db8::1]:8642"), "unencrypted"),
        (("--listen", "8642"), "no HOST:PORT"),
        (("--listen", "127.0.0.1:99999"), "no HOST:PORT"),
        (("--listen", "0.0.0.0:0", "--behind-tls-proxy"), "--allow-host"),
        (("--tls-cert", "cert.pem"), "belong together"),
        (("--tls-cert", "/nothing", "--tls-key", "/nothing"), "is no file"),
        (("--listen", "192.0.2.7:8642", "--behind-tls-proxy"), "cannot listen on 192.0.2.7:8642"),
    ],
)
def test_where_it_refuses_to_start(options: tuple[str, ...], said: str) -> None:
    code, text = run(*options)
    assert code == 1
    assert said in text
    assert "Traceback" not in text


@pytest.mark.parametrize(
    ("token", "said"),
    [
        ("short", "is easily guessed: it has 5 characters, 20 are the least"),
        ("abab" * 10, "is easily guessed: of its characters 2 are different, 8 are the least"),
        ("with a space in the middle", "has a character that does not go"),
        (OPERATOR, ""),
    ],
)
def test_tokens_that_are_easily_guessed_are_refused(token: str, said: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        code, text = run("--listen", where, PGMOAT_DASHBOARD_OPERATOR_TOKEN=token)
    assert code == 1
    assert f"PGMOAT_DASHBOARD_OPERATOR_TOKEN {said}" in text if said else f"cannot listen on {where}" in text
    assert token not in text


def test_one_token_for_both_is_refused() -> None:
    code, text = run(PGMOAT_DASHBOARD_OPERATOR_TOKEN=OPERATOR, PGMOAT_DASHBOARD_VIEWER_TOKEN=OPERATOR)
    assert code == 1
    assert "the same" in text


def test_it_prints_where_to_log_in_and_stops_in_order(shop: Shop) -> None:
    with serve(shop.dsn, environ={"PYTHONUNBUFFERED": "1"}) as served:
        wait_for(lambda: len(served.lines) >= 3)
        links = dict(re.findall(r"log in as (\w+): +http://\S+/login#(\S+)", "\n".join(served.lines)))
        assert set(links) == {"operator", "viewer"}
        with served.log_in(links["viewer"]) as browser:
            assert "viewer" in browser.get("/").text
        assert "***" in served.lines[0]
        with (
            served.log_in(links["operator"]) as listening,
            listening.client.stream("GET", "/api/live") as live,
        ):
            next(live.iter_text())
            assert served.stop() == 0
        wait_for(lambda: served.lines[-1] == "stopped")
        assert "Traceback" not in "\n".join(served.lines)


def test_tokens_of_the_environment_are_not_printed(shop: Shop) -> None:
    with serve(shop.dsn) as served:
        wait_for(lambda: served.lines)
        assert OPERATOR not in "\n".join(served.lines)
        assert VIEWER not in "\n".join(served.lines)


def test_with_tls_cookies_go_encrypted_only(shop: Shop, tmp_path: Path) -> None:
    options = make_certificate(tmp_path)
    with serve(shop.dsn, *options, scheme="https") as served:
        trusted = ssl.create_default_context(cafile=options[1])
        url = f"https://localhost:{served.port}"
        answer = httpx.post(f"{url}/login", data={"token": OPERATOR}, verify=trusted)
        assert answer.status_code == 303
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-pgmoat_")
        assert "Secure" in cookie
        assert "max-age" in answer.headers["strict-transport-security"]


def test_behind_a_proxy_it_goes_by_the_proxys_name(shop: Shop) -> None:
    with serve(shop.dsn, "--behind-tls-proxy", "--allow-host", "moat.example") as served:
        assert "https://moat.example" in served.lines[0]
        headers = {"Host": "moat.example", "Origin": "https://moat.example", "Sec-Fetch-Site": "same-origin"}
        answer = httpx.post(f"{served.url}/login", data={"token": OPERATOR}, headers=headers)
        assert answer.status_code == 303
        assert "Secure" in answer.headers["set-cookie"]


def test_a_database_that_is_away_is_said_and_comes_back() -> None:
    with (
        start_chosen_server({}) as server,
        open_moat(server, SCHEMA, "entities: {}\nagents: {}\n") as moat,
        serve(moat.database.dsn) as served,
        served.log_in() as operator,
    ):
        assert operator.get("/").status_code == 200
        block(moat.database, allow=True)  # ends the dashboard's connections: it makes new ones
        assert operator.get("/").status_code == 200
        block(moat.database, allow=False)
        answer = operator.get("/")
        assert answer.status_code == 503
        assert "The database is away" in answer.text
        assert 'http-equiv="refresh"' in answer.text
        assert operator.get("/healthz").status_code == 200
        assert operator.get("/readyz").status_code == 503
        assert operator.get("/api/series").status_code == 503
        block(moat.database, allow=True)
        wait_for(lambda: operator.get("/").status_code == 200)
        assert operator.get("/readyz").status_code == 200


def block(database: Database, *, allow: bool) -> None:
    """Let nobody into a database, or everybody again."""
    with psycopg.connect(database.server.dsn, autocommit=True) as connection:
        statement = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
        connection.execute(statement.format(sql.Identifier(database.name), sql.Literal(allow)))
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pgmoat serve'"
        )


def test_a_database_without_pgmoat_is_said(database: Database) -> None:
    with serve(database.dsn) as served, served.log_in() as operator:
        answer = operator.get("/")
        assert answer.status_code == 503
        assert "no pgmoat schema" in answer.text
        assert operator.get("/readyz").json() == {"status": "unavailable", "code": "not-installed"}


def test_a_login_that_may_not_look_is_said(server: PostgresServer) -> None:
    with open_shop(server) as shop, serve(shop.moat.dsns()["analyst"]) as served, served.log_in() as operator:
        answer = operator.get("/")
        assert answer.status_code == 503
        assert "permission denied" in answer.text


def test_a_socket_of_ipv6() -> None:
    port = find_port()
    with open_socket(Address("::1", port), "--listen") as listener:
        assert listener.family == socket.AF_INET6


def test_without_its_libraries_it_says_what_to_install() -> None:
    program = (
        "import sys; sys.modules['starlette'] = None;"
        " from pgmoat.cli.main import run; sys.exit(run(['serve']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "pip install '.[dashboard]'" in done.stderr
    assert "Traceback" not in done.stderr
