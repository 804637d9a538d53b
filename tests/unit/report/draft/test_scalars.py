"""What is written reads back as the same."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pgmoat.policy.positions import load_document
from pgmoat.report.draft.scalars import WIDTH, block_text, comment, flow, quote, quote_key

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=60)
WORDS = """: a #b # no NULL 1 01 -1 1e3 0x1 ~ -a ?a a: {} [a] ' " \\ 10s a,b *a &a !a %a @a"""
TRICKY = st.sampled_from(
    ["", " ", "a: b", "- a", "? a", "a\nb", "\ta", "\ufeff", "\x85", "\u2028", *WORDS.split()]
)
ANY = TEXTS | TRICKY


@given(ANY, ANY)
def test_a_flow_mapping_reads_back(key: str, value: str) -> None:
    document = load_document(f"a: {flow({key: [value, 1, True]})}\n", "f")
    assert document.problems == ()
    assert document.data == {"a": {key: [value, 1, True]}}


@given(ANY)
def test_a_key_reads_back(key: str) -> None:
    document = load_document(f"{quote_key(key)}: x\n", "f")
    assert (document.problems, document.data) == ((), {key: "x"})


@given(ANY)
def test_text_in_block_style_reads_back(text: str) -> None:
    document = load_document(f"a: {quote(text, in_flow=False)}\n", "f")
    assert (document.problems, document.data) == ((), {"a": text})


@given(st.lists(st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=30), min_size=1))
def test_folded_text_reads_back(words: list[str]) -> None:
    text = " ".join(words)
    lines = block_text("doc", text, 40)
    document = load_document("\n".join(lines) + "\n", "f")
    assert (document.problems, document.data) == ((), {"doc": text})


@given(TEXTS)
def test_a_comment_says_nothing_to_yaml(text: str) -> None:
    lines = comment(text, WIDTH)
    assert all(len(line) <= WIDTH for line in lines)
    assert load_document("\n".join(["a: 1", *lines, "b: 2", ""]), "f").data == {"a": 1, "b": 2}


def test_a_person_would_write_it_so() -> None:
    assert flow({"name": "user_id", "values": {"1": "pending", "-2": "done", "01": "x"}}) == (
        '{name: user_id, values: {1: pending, -2: done, "01": x}}'
    )
    assert flow({"statement": "10s", "word": "no", "public.f(integer,text)": True}) == (
        '{statement: 10s, word: "no", "public.f(integer,text)": true}'
    )
    assert block_text("doc", "One row per order.", 80) == ["doc: One row per order."]
