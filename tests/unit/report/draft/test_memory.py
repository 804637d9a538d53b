"""What init remembers survives, and nothing else is believed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgmoat.report.draft.memory import Memory, join, load_memory, memory_path, render_memory

NAMES = st.frozensets(st.text(max_size=8), max_size=4)
MEMORIES = st.builds(Memory, st.dictionaries(st.text(max_size=8), NAMES, max_size=4), NAMES, NAMES)


@given(MEMORIES)
def test_it_reads_back(memory: Memory) -> None:
    assert load_memory(render_memory(memory)) == memory


@given(MEMORIES, MEMORIES)
def test_joined_it_holds_both(one: Memory, other: Memory) -> None:
    both = join(one, other)
    assert join(both, one) == join(both, other) == both
    assert render_memory(join(one, other)) == render_memory(join(other, one))


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"version": 1, "agents": [], "accept": [], "tables": {}, "gone": {"a": 1}}',
        "",
        "<<<<<<< ours\n",
        "[]",
        "{}",
        '{"version": 2, "tables": {}}',
        '{"version": 1, "tables": {"a": 1}}',
    ],
)
def test_what_is_broken_is_none(text: str) -> None:
    assert load_memory(text) is None


def test_a_line_for_each_table() -> None:
    text = render_memory(Memory({"public.b": frozenset({"y", "x"}), "public.a": frozenset()}))
    assert '    "public.a": [],\n    "public.b": ["x", "y"]\n' in text


def test_it_stands_beside_the_policy() -> None:
    assert memory_path(Path("etc/moat.yaml")) == Path("etc/moat.init.json")
