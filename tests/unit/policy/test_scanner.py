"""The fast reader of YAML against ruamel's own: the same nodes, places and errors, whatever the text."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from pgmoat.policy.scanner import make_reader

POLICY = """\
# a comment
version: 1
settings: {agent_role_prefix: a_, system_role_prefix: "b_"}   # another
entities:
  orders:
    table: public.orders
    doc: One row per order, not more,
      over two lines.

    columns:
      id: {}
      usr_id : {name: customer_id, doc: The customer (who?) a#b. , references: customers}
      stat_cd:
        name: status
        values: {1: pending, 2: 'in work', yes: "on", ~: x, 0x10: y, 1.5: [a, b c, {d: e}]}
      é: &anchor {doc: Ünïcode, url: http://x/y}
      other: *anchor
    delete: soft
agents:
  clerk:
    doc: |
      Several lines,
        indented.
    entities:
      orders: {select: all, insert: [id, status],
               update: all}
    tools:
    - one
    - two: 2
      three:
"""

_SIGNS = st.sampled_from(
    [*" \n\t:#-?,[]{}'\"&*!|>%@`~.\r\x85\u2028\ufeff", "\n", "\n  ", "\n    ", ": ", " #", "- ", "---", "...",
     "<<", "a", "b c", "é", "1", "0x1", "true", "key:", "\r\n", "%YAML 1.1\n---\n", "!!str ", "&x ", "*x"]
)  # fmt: skip


@st.composite
def _changed_policies(draw: st.DrawFn) -> str:
    """Return the policy above with some places overwritten."""
    text = POLICY
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        length = draw(st.integers(0, 8))
        text = text[:start] + "".join(draw(st.lists(_SIGNS, max_size=3))) + text[start + length :]
    return text


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\n\n"])
def test_reads_a_policy_as_ruamel_does(line_break: str) -> None:
    text = POLICY.replace("\n", line_break)
    found = _read(make_reader(), text)
    assert found == _read(YAML(typ="safe", pure=True), text)
    assert found[0] == "mapping"


@settings(max_examples=300, deadline=None)
@given(_changed_policies())
def test_reads_a_broken_policy_as_ruamel_does(text: str) -> None:
    assert _read(make_reader(), text) == _read(YAML(typ="safe", pure=True), text)


@settings(max_examples=500, deadline=None)
@given(st.lists(_SIGNS, max_size=20).map("".join))
@example("a: b # c")
@example("a:\n# b\n c")
@example("{a: b c : d}")
@example("- a\n-b")
@example("a\nb: c")
@example("? a\n: b")
@example("a: b\n--- \nc")
def test_reads_any_text_as_ruamel_does(text: str) -> None:
    assert _read(make_reader(), text) == _read(YAML(typ="safe", pure=True), text)


def test_takes_no_time_for_what_nearly_matches() -> None:
    text = "a: " + "b " * 50_000 + ":x\n" + "c: " + "d" * 50_000 + ":x"
    assert _read(make_reader(), text)[0] == "mapping"


def _read(reader: YAML, text: str) -> tuple[Any, ...]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _flatten(reader.compose(text), frozenset())  # pyright: ignore[reportUnknownMemberType]  ruamel's streams have no types
    except MarkedYAMLError as error:
        found: Any = error
        return (
            type(error),
            found.problem,
            found.context,
            _mark(found.problem_mark),
            _mark(found.context_mark),
        )
    except (YAMLError, RecursionError, AssertionError, AttributeError, IndexError, ValueError) as error:
        return (type(error), str(error))


def _flatten(node: Any, above: frozenset[int]) -> tuple[Any, ...]:
    if node is None or id(node) in above:
        return (node is None,)
    above |= {id(node)}
    style = node.style if node.id == "scalar" else node.flow_style
    shape = (node.id, node.tag, style, _mark(node.start_mark), _mark(node.end_mark))
    if node.id == "scalar":
        return (*shape, node.value)
    if node.id == "sequence":
        return (*shape, [_flatten(item, above) for item in node.value])
    return (*shape, [(_flatten(key, above), _flatten(value, above)) for key, value in node.value])


def _mark(mark: Any) -> tuple[int, int, int] | None:
    return None if mark is None else (mark.index, mark.line, mark.column)
