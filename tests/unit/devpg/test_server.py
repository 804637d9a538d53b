"""What can be said of a server without starting one."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgmoat.devpg.server import Server, start, stop
from pgmoat.errors import ServerError

DRAWN = "top/secret"
SPECIAL = "p@:"


def make_server(data_dir: Path) -> Server:
    return Server(
        host="127.0.0.1",
        port=5999,
        data_dir=data_dir,
        server_version=180001,
        password=DRAWN,
        _supervisor=None,
    )


def test_dsn_is_a_url_with_everything_quoted(tmp_path: Path) -> None:
    server = make_server(tmp_path)
    assert server.dsn == "postgresql://postgres:top%2Fsecret@127.0.0.1:5999/postgres"
    assert (
        server.dsn_for(user="a b", password=SPECIAL, database="x/y")
        == "postgresql://a%20b:p%40%3A@127.0.0.1:5999/x%2Fy"
    )
    assert server.dsn_for(user="agent") == "postgresql://agent@127.0.0.1:5999/postgres"


def test_repr_hides_the_password(tmp_path: Path) -> None:
    assert "secret" not in repr(make_server(tmp_path))


@pytest.mark.parametrize("name", ["listen_addresses", "hba_file", "unix_socket_directories", "cluster_name"])
def test_settings_that_would_open_the_server_are_refused(name: str) -> None:
    with pytest.raises(ServerError, match="is not free"):
        start(settings={name: "x"})


@pytest.mark.parametrize("name", ["Port", "a=b", "-c", "a b", ""])
def test_setting_must_be_a_name(name: str) -> None:
    with pytest.raises(ServerError, match="is not the name"):
        start(settings={name: "x"})


def test_stop_refuses_a_strange_directory(tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="not a data directory"):
        stop(tmp_path)
