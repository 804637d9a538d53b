"""
Bearer tokens: which agent each opens.

In: a file of ``agent sha256`` lines, environment variables. Out: Tokens. I/O: reads and writes the file.

A token itself is shown once, when it is made, and kept nowhere.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import stat
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pgmoat.errors import Error

VARIABLE_PREFIX = "PGMOAT_MCP_TOKEN_"
LEAST_LENGTH = 32
_LEAST_CHARACTERS = 8
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_HINT = "pgmoat mcp --issue-token AGENT --tokens FILE makes a token and writes its line."


@dataclass(frozen=True, slots=True)
class Tokens:
    """What opens which agent: hashes of tokens."""

    _agents: tuple[tuple[bytes, str], ...] = field(repr=False)

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self._agents)

    @property
    def agents(self) -> tuple[str, ...]:
        """The agents that one opens."""
        return tuple(dict.fromkeys(agent for _, agent in self._agents))

    def only(self, agent: str) -> Tokens:
        """Return those of *agent*."""
        return Tokens(tuple(pair for pair in self._agents if pair[1] == agent))

    def find(self, token: str) -> tuple[str, str] | None:
        """Return agent and hash of *token*; comparing takes the same time whatever it is."""
        digest = _digest(token)
        found: str | None = None
        for known, agent in self._agents:
            if hmac.compare_digest(known, digest):
                found = agent
        return (found, digest.hex()) if found is not None else None


def read_tokens(path: Path | None, environ: Mapping[str, str], agents: Collection[str]) -> Tokens:
    """
    Return the tokens of the file and of the environment for *agents*.

    Raises:
        Error: the file cannot be read, or is open to others; a line or a token that is none; a token for two.
    """
    pairs = _read_file(path, agents) if path is not None else []
    for agent in agents:
        token = environ.get(name_token_variable(agent))
        if token:
            check_token(name_token_variable(agent), token)
            pairs.append((_digest(token), agent))
    owners: dict[bytes, str] = {}
    for digest, agent in pairs:
        if owners.setdefault(digest, agent) != agent:
            raise Error(f"agents {owners[digest]} and {agent} have the same token", hint=_HINT)
    return Tokens(tuple(owners.items()))


def issue_token(path: Path, agent: str) -> str:
    """
    Return a new token of *agent*, whose hash is added to the file.

    Raises:
        Error: the file cannot be written, or is open to others.
    """
    token = secrets.token_urlsafe(32)
    try:
        # O_APPEND: two that issue at once do not overwrite each other.
        number = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with os.fdopen(number, "a", encoding="utf-8") as file:
            _check_mode(path, os.fstat(file.fileno()))
            file.write(f"{agent} {_digest(token).hex()}\n")
    except OSError as error:
        raise Error(f"cannot write {path}: {error.strerror or error}") from error
    return token


def name_token_variable(agent: str) -> str:
    """Return the variable that holds an agent's bearer token: ``PGMOAT_MCP_TOKEN_FULFILLMENT``."""
    return VARIABLE_PREFIX + re.sub(r"\W", "_", agent, flags=re.ASCII).upper()


def check_token(name: str, token: str) -> None:
    """
    Refuse a token that is easily guessed.

    Raises:
        Error: it is.
    """
    hint = "openssl rand -base64 32 makes one."
    if not token.isascii() or not token.isprintable() or " " in token:
        raise Error(f"{name} has a character that does not go: ASCII without spaces does", hint=hint)
    if len(token) < LEAST_LENGTH or len(set(token)) < _LEAST_CHARACTERS:
        raise Error(
            f"{name} is easily guessed: {LEAST_LENGTH} characters are the least,"
            f" {_LEAST_CHARACTERS} of them different",
            hint=hint,
        )


def _read_file(path: Path, agents: Collection[str]) -> list[tuple[bytes, str]]:
    try:
        with path.open(encoding="utf-8") as file:
            _check_mode(path, os.fstat(file.fileno()))
            lines = file.read().splitlines()
    except (OSError, UnicodeError) as error:
        raise Error(f"cannot read {path}: {getattr(error, 'strerror', None) or error}", hint=_HINT) from error
    pairs: list[tuple[bytes, str]] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        match = re.fullmatch(r"\s*(\S+)\s+([0-9a-fA-F]{64})\s*", line)
        if match is None:
            raise Error(f"{path}, line {number}: no line of the form `agent sha256`", hint=_HINT)
        if match[1] not in agents:
            raise Error(
                f"{path}, line {number}: the policy has no agent {match[1]!r}", hint="Remove the line."
            )
        pairs.append((bytes.fromhex(match[2]), match[1]))
    return pairs


def _check_mode(path: Path, found: os.stat_result) -> None:
    if found.st_mode & _OTHERS:
        raise Error(
            f"others may read or write {path}: its mode is {stat.S_IMODE(found.st_mode):04o}",
            hint=f"chmod 600 {path}; whoever could write it could make tokens of its own.",
        )


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
