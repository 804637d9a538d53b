"""Bearer tokens: files, the environment, which agent each opens."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgmoat.errors import Error
from pgmoat.mcp_server.tokens import issue_token, read_tokens

AGENTS = ("clerk", "reader")
GIVEN = "0123456789abcdefghijklmnopqrstuv"


def test_a_token_opens_its_agent(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    first, second, other = (issue_token(path, agent) for agent in ("clerk", "clerk", "reader"))
    assert path.stat().st_mode & 0o777 == 0o600
    assert not any(token in path.read_text() for token in (first, second, other))
    tokens = read_tokens(path, {"PGMOAT_MCP_TOKEN_READER": GIVEN}, AGENTS)
    found = [tokens.find(token) for token in (first, second, other, GIVEN)]
    assert [pair and pair[0] for pair in found] == ["clerk", "clerk", "reader", "reader"]
    assert len({pair and pair[1] for pair in found}) == 4  # sessions of two tokens are two's
    assert tokens.find("") is None
    assert tokens.find(first + "x") is None
    assert tokens.only("clerk").find(other) is None
    assert first not in repr(tokens)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_file_that_others_reach_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "tokens"
    issue_token(path, "clerk")
    path.chmod(mode)
    for use in (lambda: read_tokens(path, {}, AGENTS), lambda: issue_token(path, "clerk")):
        with pytest.raises(Error, match="others may read or write"):
            use()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("clerk abc", "line 2: no line of the form"),
        ("nobody " + "0" * 64, "line 2: the policy has no agent 'nobody'"),
        ("reader " + "1" * 64 + "\nclerk " + "1" * 64, "have the same token"),
    ],
)
def test_lines_that_are_none_are_named(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "tokens"
    path.touch(mode=0o600)
    path.write_text(f"# tokens\n{line}\n")
    with pytest.raises(Error, match=said):
        read_tokens(path, {}, AGENTS)


@pytest.mark.parametrize("token", ["short", "a" * 40, GIVEN + " ", GIVEN + "ä"])
def test_a_token_that_is_guessed_is_refused(token: str) -> None:
    with pytest.raises(Error, match="PGMOAT_MCP_TOKEN_CLERK"):
        read_tokens(None, {"PGMOAT_MCP_TOKEN_CLERK": token}, AGENTS)


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(Error, match="cannot read"):
        read_tokens(tmp_path / "none", {}, AGENTS)
