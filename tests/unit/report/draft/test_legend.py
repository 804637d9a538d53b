"""What comments say that codes mean."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pgmoat.report.draft.legend import read_legend


@pytest.mark.parametrize(
    ("comment", "words", "rest"),
    [
        ("R = Road, M = Mountain.", {"R": "Road", "M": "Mountain"}, ""),
        ("1=paid 2=open", {"1": "paid", "2": "open"}, ""),
        ("State (1=active, 2=closed)", {"1": "active", "2": "closed"}, "State."),
        ("'A' => active; 'C' => closed", {"A": "active", "C": "closed"}, ""),
        ("1: pending, 2: paid", {"1": "pending", "2": "paid"}, ""),
        ("0 -> off\n1 -> on", {"0": "off", "1": "on"}, ""),
        (
            "Person: SC = Store Contact, EM = Employee (non-sales), or IN = Individual (retail) customer.",
            {"SC": "Store Contact", "EM": "Employee", "IN": "Individual customer"},
            "Person.",
        ),
        (
            "Current status. 1 = In process; 2 = Approved. Set by the shop.",
            {"1": "In process", "2": "Approved"},
            "Current status. Set by the shop.",
        ),
    ],
)
def test_a_legend_is_read(comment: str, words: Mapping[str, str], rest: str) -> None:
    legend = read_legend(comment)
    assert dict(legend.words) == words
    assert legend.rest == rest


@pytest.mark.parametrize(
    "comment",
    [
        "",
        "total = price * quantity",
        "NULL = current department",
        "If x = 1 then y = 2, else z",
        "Opens at 10:30, closes at 12:45",
        "1 = yes, 1 = no",
        "A = same, B = Same",
        "0 = Code exists. 1 = Code unavailable, using that of the country.",
        "1 = active. Beware of what follows. 2 = closed",
        "0 = does not wish to receive promotions of any kind whatever, 1 = wishes to receive them by mail",
    ],
)
def test_what_is_no_legend_is_left_to_a_person(comment: str) -> None:
    assert not read_legend(comment)
