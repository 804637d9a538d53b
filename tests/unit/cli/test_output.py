"""JSON on a terminal obeys nothing that an agent wrote, and still is that JSON."""

from __future__ import annotations

import json

import pytest

from pgmoat.cli.output import print_json

HOSTILE = "\x1b[2J\x9b31m\u202e\u2028\x7f\u200b\U000e0041 ünï 漢字 \N{GRINNING FACE}\n"


def test_controls_are_escaped_and_the_rest_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({HOSTILE: [HOSTILE]})
    said = capsys.readouterr().out
    assert json.loads(said) == {HOSTILE: [HOSTILE]}
    assert all(character.isprintable() or character == "\n" for character in said)
    assert "ünï 漢字 \N{GRINNING FACE}" in said
