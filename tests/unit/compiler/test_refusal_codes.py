"""
Whatever raises a SQLSTATE of ours counts it first, and the one list of codes knows it.

A new code: one line in sql/functions/refusal_codes.sql, and `PERFORM pgmoat.count_refusal('PMxxx');` on the
line before the RAISE.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SQL = Path(__file__).parents[3] / "src" / "pgmoat" / "compiler" / "sql"
FILES = sorted(path for path in SQL.rglob("*.sql") if "RAISE EXCEPTION" in path.read_text())
# Something is not installed, which refuses nobody; a transaction that cannot write cannot count; a large
# answer is noticed in a query, which may have parallel workers.
NOT_COUNTED = {"55000", "25006", "54000"}


def read_raises(text: str) -> Iterator[tuple[str, str]]:
    """Yield the SQLSTATE of each RAISE, and the line before it."""
    for match in re.finditer(r"^(.*)\n *RAISE EXCEPTION((?:[^';]|'[^']*')*);", text, re.MULTILINE):
        code = re.search(r"ERRCODE = '(\w{5})'", match[2])
        if code is not None:
            yield code[1], match[1].strip()


def list_codes() -> list[str]:
    text = (SQL / "functions" / "refusal_codes.sql").read_text()
    return re.findall(r"^ *\('(\w{5})', '", text, re.MULTILINE)


def test_the_codes_are_listed_once() -> None:
    codes = list_codes()
    assert len(codes) == len(set(codes)) > 15


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_refusal_is_counted_right_before_it_is_raised(path: Path) -> None:
    text = path.read_text()
    raises = list(read_raises(text))
    assert len(raises) == len(re.findall(r"ERRCODE = '", text)), "a RAISE that cannot be read"
    for code, line_before in raises:
        if code not in NOT_COUNTED:
            assert line_before == f"PERFORM pgmoat.count_refusal('{code}');"


def test_what_is_raised_is_listed_and_what_is_listed_is_raised() -> None:
    raised = {code for path in FILES for code, _ in read_raises(path.read_text())}
    assert raised - NOT_COUNTED == set(list_codes())
