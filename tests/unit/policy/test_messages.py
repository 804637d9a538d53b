"""A name is looked up among others only where both are short: clients send names. I/O: none."""

from __future__ import annotations

import pytest

from pgmoat.policy.messages import suggest


@pytest.mark.parametrize(
    ("word", "known", "hint"),
    [
        ("colums", ["columns", "rows"], "did you mean `columns`?"),
        ("zzz", ["columns"], ""),
        ("c" * 64, ["c" * 63, "c" * 8_000], f"did you mean `{'c' * 63}`?"),
        ("c" * 65, ["c" * 64], ""),
        ("c" * 60, ["c" * 65], ""),
    ],
)
def test_what_is_suggested(word: str, known: list[str], hint: str) -> None:
    assert suggest(word, known) == hint
