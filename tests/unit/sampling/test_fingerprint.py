"""Statements of one shape have one fingerprint, and nothing else has it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgmoat.sampling.fingerprint import MOST_TEXT, fingerprint, normalise


@pytest.mark.parametrize(
    ("query", "shape"),
    [
        ("", ""),
        ("SELECT 1;", "SELECT ?"),
        (
            "/*agent_id='a',step='s'*/ SELECT *\n FROM t -- why\n WHERE id = 12",
            "SELECT * FROM t WHERE id = ?",
        ),
        (
            "SELECT * FROM t WHERE a = 'x''y' AND b = $1 AND c = 1.5e-3",
            "SELECT * FROM t WHERE a = ? AND b = ? AND c = ?",
        ),
        (r"SELECT 'a\' FROM t", "SELECT ? FROM t"),
        (r"SELECT e'a\'b' FROM t", "SELECT ? FROM t"),
        ("SELECT $$a;b$$, $q$ x $$ y $q$, U&'d\\0061t'", "SELECT ?, ?, ?"),
        ("SELECT * FROM t WHERE a IN (1, 2,3)", "SELECT * FROM t WHERE a IN (?)"),
        ("INSERT INTO t VALUES (1, 'a'), (2, 'b')", "INSERT INTO t VALUES (?)"),
        ('SELECT "it\'s 1", t2.c3, a$1b FROM t2', 'SELECT "it\'s 1", t2.c3, a$1b FROM t2'),
        ("SELECT 'cut off in the mid", "SELECT ?"),
        ("SELECT $x$ cut off", "SELECT ?"),
        ("SELECT /* cut off", "SELECT"),
    ],
)
def test_shapes(query: str, shape: str) -> None:
    assert normalise(query) == shape


@given(st.text())
def test_any_text_has_a_shape_that_is_its_own(query: str) -> None:
    shape = normalise(query)
    assert len(shape) <= MOST_TEXT
    assert "\0" not in shape
    assert -(2**63) <= fingerprint(shape) < 2**63


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="'\0")))
def test_no_text_in_quotes_stays(secret: str) -> None:
    """A literal is nobody's business: the record of use holds none."""
    assert normalise(f"SELECT '{secret}' FROM t") == "SELECT ? FROM t"


def test_long_texts_take_no_time_to_speak_of() -> None:
    for query in ("'" * 100_000, "$" * 100_000, "(?," * 50_000, "(" * 100_000, "/*" * 50_000, "e'" * 50_000):
        normalise(query[:4000])
