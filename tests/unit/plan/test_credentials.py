"""The file of passwords: private, whole, and other lines kept."""

from __future__ import annotations

from pathlib import Path

import psycopg.conninfo
import pytest

from pgmoat.errors import ApplyError
from pgmoat.model.names import name_variable
from pgmoat.plan.credentials import Server, compose_dsn, draft_credentials


def test_lines_of_others_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "agents.env"
    path.touch(mode=0o600)
    path.write_text("OTHER=1\nPGMOAT_DSN_A=old\n")
    draft = draft_credentials(path, {"PGMOAT_DSN_A": "new"})
    assert path.read_text() == "OTHER=1\nPGMOAT_DSN_A=old\n"
    draft.publish()
    assert path.read_text() == "OTHER=1\nPGMOAT_DSN_A=new\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_discarded_draft_leaves_nothing(tmp_path: Path) -> None:
    draft_credentials(tmp_path / "agents.env", {"PGMOAT_DSN_A": "new"}).discard()
    assert list(tmp_path.iterdir()) == []


def test_links_and_readable_files_are_refused(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ApplyError, match="symbolic link"):
        draft_credentials(link, {"A": "x"})
    readable = tmp_path / "readable"
    readable.touch(mode=0o644)
    with pytest.raises(ApplyError, match="others"):
        draft_credentials(readable, {"A": "x"})
    with pytest.raises(ApplyError, match="no folder"):
        draft_credentials(tmp_path / "none" / "file", {"A": "x"})


@pytest.mark.parametrize("host", ["localhost", "::1", "/run/postgresql"])
def test_dsn_is_read_back(host: str) -> None:
    dsn = compose_dsn(Server(host, 5433, "d b"), "agent_x", "p@/:%w")
    fields = psycopg.conninfo.conninfo_to_dict(dsn)
    assert fields == {"user": "agent_x", "password": "p@/:%w", "host": host, "port": "5433", "dbname": "d b"}


def test_variable() -> None:
    assert name_variable("customer-support") == "PGMOAT_DSN_CUSTOMER_SUPPORT"
