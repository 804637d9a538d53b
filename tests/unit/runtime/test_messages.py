"""Messages: what goes over the wire, and what stands in it of task and step."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgmoat.policy.load import load_policy_text
from pgmoat.runtime import messages
from pgmoat.runtime.binding import Bound
from pgmoat.runtime.context import TaskIdentity, use_step
from pgmoat.runtime.messages import Caller, find_caller
from pgmoat.runtime.profile import resolve_profile

POLICY = load_policy_text(
    """
version: 1
entities: {orders: {table: public.orders, columns: {id: {}}}}
agents: {support: {entities: {orders: {}}, guard: {result_rows: 7, result_bytes: 9kB}}}
""",
    "moat.yaml",
).policy
PROFILE = resolve_profile(POLICY, "support")
IDENTITY = TaskIdentity("support", "T-1", "S3cret")
BOUND = Bound("SELECT $1 -- {x} %s", (1,))


def make_caller(tags: str = "both", *, reason: str = "") -> Caller:
    return find_caller(IDENTITY, replace(PROFILE, tags=tags), reason=reason)


def test_a_caller_is_the_task_in_its_step() -> None:
    with use_step(IDENTITY, "look up", "why"):
        found, other = make_caller(), make_caller(reason="because")
    assert (found.step, found.reason, other.reason) == ("look up", "why", "because")
    assert found.comment == "/*agent_id='support-v1',step='look%20up',task_id='T-1'*/ "
    assert found.name == "pgmoat:T-1:look up"


@pytest.mark.parametrize(
    ("tags", "has_comment", "has_name"),
    [
        ("both", True, True),
        ("comment", True, False),
        ("application_name", False, True),
        ("none", False, False),
    ],
)
def test_tags(tags: str, *, has_comment: bool, has_name: bool) -> None:
    found = make_caller(tags)
    assert (bool(found.comment), found.name is not None) == (has_comment, has_name)
    assert found.run(BOUND).text.startswith(b"/*") == has_comment
    assert (b"application_name" in found.enter().text) == has_name


def test_the_token_is_bound_and_never_in_a_text() -> None:
    caller = make_caller()
    begun = caller.begin_write("k", BOUND)
    for message in (caller.enter(), begun):
        assert "S3cret" in message.values
        assert b"S3cret" not in message.text
    assert "S3cret" not in repr(caller.identity)
    assert begun.values[1].obj == {"sql": BOUND.text, "parameters": [1]}


def test_the_comment_stands_before_each_form_of_the_statement() -> None:
    caller = make_caller()
    comment = caller.comment.encode()
    assert caller.run(BOUND).text == comment + BOUND.text.encode()
    assert caller.explain(BOUND).text == comment + b"EXPLAIN (FORMAT JSON) " + BOUND.text.encode()
    assert caller.query(BOUND, PROFILE).text.startswith(comment + b"SELECT * FROM (")


def test_a_query_is_capped_whatever_stands_in_it() -> None:
    text = make_caller("none").query(BOUND, PROFILE).text.decode()
    assert "\nSELECT $1 -- {x} %s\n" in text  # lines of its own: a comment at its end ends there
    assert "LIMIT 7 + 1" in text
    assert f"<= {9 * 1024} " in text


def test_headers_of_files_are_not_sent() -> None:
    sent = [
        make_caller().enter(),
        make_caller("none").enter(),
        make_caller().begin_write("k", BOUND),
        make_caller().query(BOUND, PROFILE),
        make_caller().write(BOUND, PROFILE),
        messages.finish_write(1, [], is_cut=False),
        messages.preview_changes(PROFILE),
        messages.bound_transaction(PROFILE.timeouts),
        messages.open_child("a", {}, None, None),
        messages.open_task("support", "T-1", {}, None, None, ("support", "T-0")),
        messages.close_task("support", "T-1"),
        messages.claim("T-1"),
    ]
    for message in sent:
        assert b"-- " not in message.text.replace(BOUND.text.encode(), b"")
        placeholders = {f"${number}".encode() for number in range(1, len(message.values) + 1)}
        assert all(placeholder in message.text for placeholder in placeholders)
