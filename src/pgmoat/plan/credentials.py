"""
The file of generated passwords.

In: connection strings by variable. Out: lines of a dotenv file. I/O: that file, and one beside it.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

from pgmoat.errors import ApplyError


@dataclass(frozen=True, slots=True)
class Server:
    """Where agents connect to."""

    host: str
    port: int
    database: str


@dataclass(frozen=True, slots=True)
class CredentialsDraft:
    """The new content beside the file: it takes the file's place after COMMIT, or goes."""

    path: Path
    draft: Path

    def publish(self) -> None:
        """Put the new content in place."""
        self.draft.replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def discard(self) -> None:
        """Take the new content away."""
        self.draft.unlink(missing_ok=True)


def compose_dsn(server: Server, role: str, password: str) -> str:
    """Return a URL; the folder of a Unix socket stands in its query."""
    login = f"{quote(role, safe='')}:{quote(password, safe='')}"
    database = quote(server.database, safe="")
    if server.host.startswith("/"):
        query = urlencode({"host": server.host, "port": server.port})
        return f"postgresql://{login}@/{database}?{query}"
    host = f"[{server.host}]" if ":" in server.host else server.host
    return f"postgresql://{login}@{host}:{server.port}/{database}"


def check_credentials_file(path: Path) -> None:
    """
    Refuse a file that others may read, or that leads elsewhere.

    Raises:
        ApplyError: *path* is a symbolic link, no file, or readable by others than its owner; or no folder.
    """
    if not path.parent.is_dir():
        raise ApplyError(f"no folder {path.parent} for the passwords", hint="make it, or name another file")
    if path.is_symlink():
        raise ApplyError(f"{path} is a symbolic link", hint="name the file itself: passwords go into it")
    if not path.exists():
        return
    status = path.stat()
    if not stat.S_ISREG(status.st_mode) or status.st_mode & 0o077:
        raise ApplyError(
            f"{path} may be read by others than its owner", hint=f"chmod 600 {path}, or name another file"
        )


def draft_credentials(path: Path, variables: Mapping[str, str]) -> CredentialsDraft:
    """
    Write *path*'s lines with *variables* set, to a new file beside it that only its owner may read.

    Raises:
        ApplyError: see :func:`check_credentials_file`.
    """
    check_credentials_file(path)
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    kept = [line for line in lines if line.partition("=")[0].strip() not in variables]
    text = "\n".join([*kept, *(f"{name}={dsn}" for name, dsn in variables.items())]) + "\n"
    # mkstemp makes the file with mode 0600.
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return CredentialsDraft(path, Path(name))
