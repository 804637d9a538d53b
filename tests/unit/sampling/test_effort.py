"""What agents write takes no longer to look at than it is long: CPU seconds that only a square exceeds."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from pgmoat.sampling.claim import parse_claim
from pgmoat.sampling.fingerprint import normalise
from pgmoat.sampling.sessions import MOST_QUERY
from pgmoat.watchdog.repeats import fingerprint

TEXTS = 100
MOST_S = 4.0


def claim(text: str) -> object:
    return parse_claim(text, "")


@pytest.mark.parametrize(
    ("look", "begins", "again", "ends"),
    [
        (claim, "/*a=''", " ", "x*/SELECT 1"),
        (claim, "/*", "a", "*/SELECT 1"),
        (claim, "/*a='", ",", "*/SELECT 1"),
        (claim, "/*", "a='',", "x*/SELECT 1"),
        (claim, "", " ", "x"),
        (normalise, "$", "a", ""),
        (normalise, "", "$a$", ""),
        (normalise, "", "(1,", ""),
        (normalise, "", "e'", "\\"),
        (fingerprint, "SELECT ", "/*", ""),
        (fingerprint, "SELECT ", "pgmoat.a ", ""),
    ],
)
def test_no_text_takes_long(look: Callable[[str], object], begins: str, again: str, ends: str) -> None:
    began = time.process_time()
    for number in range(TEXTS):
        room = MOST_QUERY - len(begins) - len(ends) - number
        look(begins + again * (room // len(again)) + ends + str(number))
    assert time.process_time() - began < MOST_S
