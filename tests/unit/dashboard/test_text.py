"""Figures as people read them, what is hidden made visible, and colours that stay."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta, timezone

import pytest
from markupsafe import Markup

from pgmoat.accounting.series import Delta, Live
from pgmoat.dashboard.colours import assign_colours
from pgmoat.dashboard.feed import render_step
from pgmoat.dashboard.figures import lay_out
from pgmoat.dashboard.form import choose_way_back
from pgmoat.dashboard.templating import make_environment, make_link
from pgmoat.dashboard.text import (
    cut,
    format_bytes,
    format_clock,
    format_count,
    format_error,
    format_excess,
    format_moment,
    format_seconds,
    format_share,
    show_hidden,
)
from pgmoat.dashboard.waits import list_waits
from pgmoat.dashboard.window import find_window, list_buckets

NOW = datetime(2026, 3, 1, 12, 34, 56, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\n\ttext", "plain\n\ttext"),
        ("\x1b[31m\x00\x07", "␛[31m␀␇"),
        ("a\u202eb\u2066c", "a⟨U+202E⟩b⟨U+2066⟩c"),
        ("zero\u200bwidth\x7f\x85", "zero⟨U+200B⟩width⟨U+007F⟩⟨U+0085⟩"),
        ("\ud800", "⟨U+D800⟩"),
        (5, 5),
    ],
)
def test_what_is_hidden_is_shown(text: object, shown: object) -> None:
    assert show_hidden(text) == shown


def test_templates_escape_and_show_whatever_they_print() -> None:
    environment = make_environment()
    template = environment.from_string("<i title='{{ x }}'>{{ x }}</i>{{ raw(x) }}")
    text = template.render(x="<b>'\"&\u202e")
    assert text == (
        "<i title='&lt;b&gt;&#39;&#34;&amp;⟨U+202E⟩'>&lt;b&gt;&#39;&#34;&amp;⟨U+202E⟩</i>"
        "&lt;b&gt;&#39;&#34;&amp;\u202e"
    )
    assert isinstance(show_hidden(Markup("<b>")), Markup)
    assert not any("|safe" in name or "| safe" in name for name in _read_templates())


def _read_templates() -> list[str]:
    environment = make_environment()
    loader = environment.loader
    assert loader is not None
    return [loader.get_source(environment, name)[0] for name in environment.list_templates()]


def test_numbers() -> None:
    assert [format_seconds(s) for s in (None, 0, 0.0421, 1.5, 130, 7200, 200_000)] == [
        "\N{EN DASH}",
        "0 s",
        "42 ms",
        "1.5 s",
        "2.2 min",
        "2.0 h",
        "2.3 d",
    ]
    assert [format_share(s) for s in (0, 0.0001, 0.034, 0.4, 1)] == [
        "0 %",
        "< 0.1 %",
        "3.4 %",
        "40 %",
        "100 %",
    ]
    # An error is never shown smaller than it is.
    assert [format_error(e) for e in (0, 0.00001, 0.0161, 0.1011)] == ["± 0.0", "± 0.1", "± 1.7", "± 11"]
    assert format_count(1234567) == "1\u202f234\u202f567"
    assert [format_bytes(n) for n in (None, 512, 2048, 5 * 1024**3)] == ["0 B", "512 B", "2.0 kB", "5.0 GB"]


def test_colours_stay_when_others_come() -> None:
    few = assign_colours(["fulfillment", "analyst", "support"])
    assert few[""] == "people"
    assert len(set(few.values())) == 4
    many = assign_colours([f"agent {n}" for n in range(30)])
    assert len(set(many.values())) == 9
    assert assign_colours(["support", "analyst", "fulfillment", ""]) == few


def test_buckets_in_which_nobody_looked_are_gaps() -> None:
    window = find_window("live", NOW, "1h")
    first, second, *_, last = list_buckets(window)
    assert (first, last) == (NOW.replace(minute=24, second=0), NOW.replace(second=0))
    figures = lay_out(window, {first: 60.0, second: 30.0}, [(first, "a", 30.0), (second, "b", 30.0)])
    assert figures["lines"] == {"a": [0.5, 0.0, *[None] * 9], "b": [0.0, 1.0, *[None] * 9]}


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_figures_that_are_no_numbers_are_gaps(bad: float) -> None:
    window = find_window("live", NOW, "1h")
    first, second, third, *_ = list_buckets(window)
    points = [
        (first, "a", bad),
        (first, "a", 1.0),
        (first, "b", 30.0),
        (second, "a", 30.0),
        (third, "a", 6.0),
    ]
    figures = lay_out(window, {first: 60.0, second: bad, third: 60.0}, points)
    assert figures["lines"] == {"a": [None, None, 0.1, *[None] * 8], "b": [0.5, None, 0.0, *[None] * 8]}
    step = render_step(Live(NOW, {}, {}), Delta({("a", "CPU"): bad, ("b", "CPU"): 1.0}, 1.0))
    assert json.loads(step)["load"] == {"b": 1.0}


def test_a_window_that_there_is_not_is_the_usual_one() -> None:
    assert find_window("1 year", NOW, "24h").since == NOW - timedelta(days=1)
    assert len(list_buckets(find_window("24h", NOW, "1h"))) == 145


def test_live_figures_are_by_the_time_that_was_looked() -> None:
    delta = Delta(
        {("a", "CPU"): 1.0, ("a", "IO"): 0.5, ("", "CPU"): 3.0, ("a", "Idle in transaction"): 9.0}, 2.0
    )
    assert render_step(Live(NOW, {}, {}), delta) == (
        f'{{"at": {NOW.timestamp()}, "load": {{"a": 0.75, "": 1.5}}}}'
    )


def test_waits_stand_in_one_order() -> None:
    found = list_waits({"Lock": 1.0, "New": 1.0, "CPU": 2.0})
    assert [(wait.name, wait.part, wait.offset) for wait in found] == [
        ("CPU", 0.5, 0.0),
        ("Lock", 0.25, 0.5),
        ("New", 0.25, 0.75),
    ]


def test_links_hold_any_text() -> None:
    link = make_link("/x", {"a": "b c&d=e#\u00e9", "none": None}, more="")
    assert link == "/x?a=b+c%26d%3De%23%C3%A9&more="
    assert choose_way_back("/x?y=%2F") == "/x?y=%2F"
    for text in (None, "", "x", "//x", "/\\x", "/\n/x", "http://x/"):
        assert choose_way_back(text) == "/"


def test_times_are_utc_whatever_time_zone_they_come_in() -> None:
    at = NOW.astimezone(timezone(timedelta(hours=2)))
    assert format_moment(at) == "2026-03-01 12:34:56"
    assert format_clock(at) == "12:34:56"


def test_an_excess_of_time_has_a_unit() -> None:
    assert format_excess("statement-timeout", 30_844, 30_000) == "30.8 s, 30 s allowed"
    assert format_excess("idle-in-transaction", 900_000, 500) == "15 min, 500 ms allowed"
    assert format_excess("repeats", 24, 20) == "24 of 20"


def test_what_is_cut_says_how_long_it_is() -> None:
    assert cut("x" * 10) == cut("x" * 10, 10) == "x" * 10
    assert cut("x" * 1_500, 3) == "xxx… (cut: 1\N{NARROW NO-BREAK SPACE}500 characters)"
