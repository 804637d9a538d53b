"""Tags: no value ends the comment or the name, and none is lost in them."""

from __future__ import annotations

import re
from urllib.parse import unquote

import postgast
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pgmoat.runtime.tag import MAX_NAME_BYTES, render_application_name, render_comment

HOSTILE = [
    "a*/ DROP TABLE orders; /*",
    "' OR '1'='1",
    'a"b',
    "a,task_id='other'",
    "line\nbreak\r\n-- x",
    "nul\0nul",
    "caf\u00e9 \u2603 \U0001f600",
    "100%2A%2F",
    "a\\'b",
    "/* nested",
    "a;b:c",
]


def read_comment(comment: str) -> dict[str, str]:
    """Return the pairs of a comment, as sqlcommenter's readers do."""
    match = re.fullmatch(r"/\*([^*]*)\*/ ", comment)
    assert match is not None
    pairs = (pair.split("=", 1) for pair in match[1].split(","))
    return {unquote(key): unquote(value[1:-1]) for key, value in pairs}


def assert_one_select(comment: str) -> None:
    (statement,) = postgast.parse(f"{comment}SELECT 1").stmts
    assert statement.stmt.WhichOneof("node") == "select_stmt"
    assert "from_clause" not in {field.name for field, _ in statement.stmt.select_stmt.ListFields()}


def test_the_form_is_sqlcommenters() -> None:
    comment = render_comment(
        agent_id="support-v1", task_id="T 1/a", step="look up", traceparent="00-ab-cd-01"
    )
    assert comment == (
        "/*agent_id='support-v1',step='look%20up',task_id='T%201%2Fa',traceparent='00-ab-cd-01'*/ "
    )


def test_what_is_empty_is_left_out() -> None:
    assert render_comment(agent_id="a", task_id="t", step="") == "/*agent_id='a',task_id='t'*/ "


@pytest.mark.parametrize("text", HOSTILE)
def test_injection_stays_a_value(text: str) -> None:
    comment = render_comment(agent_id=text, task_id=text, step=text, traceparent=text)
    assert comment.isascii()
    assert "\n" not in comment
    assert_one_select(comment)
    assert read_comment(comment) == dict.fromkeys(("agent_id", "step", "task_id", "traceparent"), text)


@given(agent=st.text(min_size=1), task=st.text(min_size=1), step=st.text())
def test_any_values_come_back_and_leave_one_select(agent: str, task: str, step: str) -> None:
    comment = render_comment(agent_id=agent, task_id=task, step=step)
    assert_one_select(comment)
    expected = {"agent_id": agent, "task_id": task} | ({"step": step} if step else {})
    assert read_comment(comment) == expected


def test_a_lone_surrogate_is_no_failure_here() -> None:
    assert "task_id='a%3F'" in render_comment(agent_id="x", task_id="a\ud800", step="\udfff")
    assert render_application_name(task_id="a\ud800", step="\udfff") == "pgmoat:a%3F:%3F"


@pytest.mark.parametrize(
    ("task_id", "step", "name"),
    [
        ("T-1", "", "pgmoat:T-1:"),
        ("T-1", "look up", "pgmoat:T-1:look up"),
        ("T-1/a:b", "c:d", "pgmoat:T-1/a:b:c%3Ad"),
        ("caf\u00e9", "", "pgmoat:caf%C3%A9:"),
        ("a~b", "", "pgmoat:a%7Eb:"),
        ("a'b\n\0", "", "pgmoat:a%27b%0A%00:"),
        ("t" * 54, "", f"pgmoat:{'t' * 54}:"),
    ],
)
def test_application_name(task_id: str, step: str, name: str) -> None:
    assert render_application_name(task_id=task_id, step=step) == name


def test_what_is_too_long_is_cut_with_its_hash() -> None:
    name = render_application_name(task_id="t" * 200, step="s" * 100)
    assert re.fullmatch(r"pgmoat:t{21}~[0-9a-f]{8}:s{15}~[0-9a-f]{8}", name)
    assert len(name) == MAX_NAME_BYTES


@pytest.mark.parametrize("text", [*HOSTILE, "\U0001f600" * 200, "%" * 200, "~" * 200])
def test_application_name_is_short_ascii(text: str) -> None:
    name = render_application_name(task_id=text, step=text)
    assert name.isascii()
    assert name.isprintable()
    assert len(name) <= MAX_NAME_BYTES < 63


@given(st.tuples(st.text(), st.text()), st.tuples(st.text(), st.text()))
def test_other_tasks_have_other_names(one: tuple[str, str], other: tuple[str, str]) -> None:
    assume(one != other)
    names = [render_application_name(task_id=task_id, step=step) for task_id, step in (one, other)]
    assert all(name.isascii() and len(name) <= MAX_NAME_BYTES for name in names)
    assert names[0] != names[1]


@given(st.text(min_size=60), st.text(min_size=1), st.text(min_size=1))
def test_long_ids_with_one_beginning_have_other_names(begin: str, one: str, other: str) -> None:
    assume(one != other)
    assert render_application_name(task_id=begin + one, step="") != render_application_name(
        task_id=begin + other, step=""
    )


def test_no_short_id_looks_like_a_long_one() -> None:
    shown = render_application_name(task_id="t" * 200, step="").removeprefix("pgmoat:").removesuffix(":")
    assert render_application_name(task_id=shown, step="") != f"pgmoat:{shown}:"
