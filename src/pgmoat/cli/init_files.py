"""
The policy file that init writes, its memory beside it, and a copy of what was there.

In: a path, texts. Out: Target; files, each whole or not at all. I/O: files.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pgmoat.errors import Error, PolicyError
from pgmoat.policy.positions import load_document
from pgmoat.policy.syntax import MAX_BYTES
from pgmoat.report.draft.memory import Memory, load_memory, memory_path, render_memory

_BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class Target:
    """A policy file as it is before init writes it."""

    path: Path
    text: str | None  # None: there is none
    memory: Memory | None
    memory_is_broken: bool = False
    has_bom: bool = False

    @property
    def memory_path(self) -> Path:
        """Where the memory is."""
        return memory_path(self.path)


def read_target(path: Path) -> Target:
    """
    Return what is at *path*, and what earlier runs proposed for it.

    Raises:
        PolicyError: what is there cannot be a policy; it is never overwritten.
    """
    text = _read(path)
    memory_text = _read(memory_path(path))
    memory = None if memory_text is None else load_memory(memory_text)
    if text is None:
        return Target(path, None, None)
    has_bom = text.startswith(_BOM)
    text = text.removeprefix(_BOM)
    if text.strip() and not _looks_like_policy(text, path):
        raise PolicyError(
            f"{path} is no policy, and is not overwritten",
            hint="name another file with --output",
        )
    if not text.strip():
        return Target(path, None, None, has_bom=has_bom)
    return Target(path, text, memory, memory_text is not None and memory is None, has_bom)


def write_target(target: Target, text: str, memory: Memory, *, keeps_copy: bool) -> None:
    """
    Write what differs from what is there, the memory last: without it nothing is lost.

    Raises:
        Error: a file cannot be written; the one that was there is whole.
    """
    try:
        if text != target.text:
            if keeps_copy and target.text is not None:
                _write(target.path.with_name(target.path.name + ".bak"), target.path.read_bytes())
            write_text(target, text)
        remembered = render_memory(memory).encode()
        if not target.memory_path.exists() or target.memory_path.read_bytes() != remembered:
            _write(target.memory_path, remembered)
    except OSError as error:
        raise Error(f"cannot write {error.filename or target.path}: {error.strerror or error}") from error


def write_text(target: Target, text: str) -> None:
    """
    Write the policy alone.

    Raises:
        Error: it cannot be written; the one that was there is whole.
    """
    try:
        _write(target.path, ((_BOM if target.has_bom else "") + text).encode())
    except OSError as error:
        raise Error(f"cannot write {target.path}: {error.strerror or error}") from error


def _read(path: Path) -> str | None:
    """
    Return the text of a file, line breaks as they are; None if there is none.

    Raises:
        PolicyError: it cannot be read, or is no text.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise PolicyError(f"cannot read {path}: {error.strerror or error}") from error
    try:
        if len(content) > MAX_BYTES:
            raise PolicyError(f"{path} is too large for a policy, and is not overwritten")
        return content.decode()
    except UnicodeDecodeError as error:
        raise PolicyError(
            f"{path} is no policy, and is not overwritten", hint="name another file with --output"
        ) from error


def _looks_like_policy(text: str, path: Path) -> bool:
    """Whether it says of itself that it is a policy; it may have problems."""
    document = load_document(text, str(path))
    if document.data is None and document.problems:
        return text.lstrip().startswith("version:") or "\nversion:" in text
    return isinstance(document.data, dict) and "version" in document.data


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; one that is there keeps its mode."""
    real = path.resolve()  # a link stays one
    handle, name = tempfile.mkstemp(dir=real.parent, prefix=f".{real.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        umask = os.umask(0)
        os.umask(umask)
        mode = real.stat().st_mode & 0o777 if real.exists() else 0o666 & ~umask
        Path(name).chmod(mode)
        Path(name).replace(real)
    except BaseException:  # Ctrl-C too: half a file is left nowhere; raised again
        with suppress(OSError):
            Path(name).unlink()
        raise
