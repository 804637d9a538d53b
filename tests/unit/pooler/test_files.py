"""The folder of PgBouncer's files: private, whole, and nobody else's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pgmoat.errors import PoolerError
from pgmoat.pooler.files import (
    check_files,
    make_folder,
    make_peer_folders,
    read_console_passwords,
    render_credentials,
    write_files,
)
from pgmoat.pooler.render import render_ini
from pgmoat.pooler.setup import Setup
from tests.unit.pooler.setups import make


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    return make(folder=tmp_path / "pooler")


def test_a_new_folder_is_private(setup: Setup) -> None:
    make_folder(setup.folder, None)
    assert setup.folder.stat().st_mode & 0o777 == 0o700
    make_folder(setup.folder, None)


def test_files_are_private_whole_and_leave_nothing_else(setup: Setup) -> None:
    make_folder(setup.folder, None)
    texts = {setup.ini_files[0]: "one", setup.auth_file: "two"}
    write_files(texts, None, private=frozenset())
    write_files(texts, None, private=frozenset())
    assert sorted(path.name for path in setup.folder.iterdir()) == ["pgbouncer.ini", "userlist.txt"]
    for path, text in texts.items():
        assert path.read_text() == text
        assert path.stat().st_mode & 0o777 == 0o600


def test_a_write_that_fails_changes_nothing(setup: Setup) -> None:
    make_folder(setup.folder, None)
    write_files({setup.auth_file: "old"}, None, private=frozenset())
    missing = setup.folder / "missing" / "file"
    with pytest.raises(PoolerError, match="cannot be written"):
        write_files({setup.auth_file: "new", missing: "x"}, None, private=frozenset())
    assert setup.auth_file.read_text() == "old"
    assert list(setup.folder.iterdir()) == [setup.auth_file]


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o722])
def test_a_folder_that_others_write_to_is_refused(setup: Setup, mode: int) -> None:
    setup.folder.mkdir()
    setup.folder.chmod(mode)
    with pytest.raises(PoolerError, match="others may write"):
        make_folder(setup.folder, None)


def test_links_files_and_nowhere_are_refused(setup: Setup, tmp_path: Path) -> None:
    with pytest.raises(PoolerError, match="no folder"):
        make_folder(setup.folder / "deeper", None)
    (tmp_path / "file").touch()
    with pytest.raises(PoolerError, match="no folder, or a symbolic link"):
        make_folder(tmp_path / "file", None)
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(PoolerError, match="symbolic link"):
        make_folder(tmp_path / "link", None)
    (tmp_path / "dangling").symlink_to(tmp_path / "gone")
    with pytest.raises(PoolerError, match="symbolic link"):
        make_folder(tmp_path / "dangling", None)


@pytest.mark.parametrize("name", ["pgbouncer.ini", "userlist.txt", "console.credentials"])
def test_files_of_others_are_refused_unless_forced(setup: Setup, name: str) -> None:
    make_folder(setup.folder, None)
    (setup.folder / name).write_text("[databases]\nmine = host=x\n")
    with pytest.raises(PoolerError, match="was not written by pgmoat") as caught:
        check_files(setup, force=False)
    assert "--force" in caught.value.hint
    check_files(setup, force=True)


def test_links_are_refused_even_when_forced(setup: Setup, tmp_path: Path) -> None:
    make_folder(setup.folder, None)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("keep")
    setup.auth_file.symlink_to(elsewhere)
    with pytest.raises(PoolerError, match="symbolic link"):
        check_files(setup, force=True)
    assert elsewhere.read_text() == "keep"


def test_our_own_files_are_written_again(setup: Setup) -> None:
    make_folder(setup.folder, None)
    texts = {
        setup.ini_files[0]: render_ini(setup),
        setup.credentials_file: render_credentials(setup, {setup.admin: "a", setup.stats: "s"}),
    }
    write_files(texts, None, private=frozenset())
    check_files(setup, force=False)


def test_the_consoles_passwords_are_kept(setup: Setup) -> None:
    make_folder(setup.folder, None)
    assert read_console_passwords(setup) == {}
    passwords = {setup.admin: "a/b?c", setup.stats: "x@y"}
    write_files({setup.credentials_file: render_credentials(setup, passwords)}, None, private=frozenset())
    assert read_console_passwords(setup) == passwords


def test_passwords_are_not_read_from_a_file_of_others(setup: Setup) -> None:
    make_folder(setup.folder, None)
    setup.credentials_file.write_text("PGMOAT_POOLER_ADMIN_DSN=postgresql://x:y@h/d\n")
    assert read_console_passwords(setup) == {}


def test_peers_have_a_folder_each(tmp_path: Path) -> None:
    setup = make(folder=tmp_path / "p", processes=3)
    make_folder(setup.folder, None)
    make_peer_folders(setup, None)
    make_peer_folders(setup, None)
    assert sorted(os.listdir(setup.folder)) == ["peer-1", "peer-2", "peer-3"]
    assert {path.stat().st_mode & 0o777 for path in setup.folder.iterdir()} == {0o700}
