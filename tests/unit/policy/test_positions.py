"""YAML 1.2, with places, without traps."""

from __future__ import annotations

import pytest

from pgmoat.model.finding import Place
from pgmoat.policy.positions import Document, load_document
from pgmoat.policy.syntax import MAX_BYTES


def problems(text: str) -> list[str]:
    return [f"{each.place} {each.finding.message}" for each in load_document(text, "f").problems]


def test_words_that_yaml_11_would_convert_stay_text() -> None:
    text = "[no, on, off, yes, 2020-01-01, 1_000, 1:30, 0777777777777777777777]"
    assert load_document(text, "f").data == text[1:-1].split(", ")


def test_a_version_directive_does_not_change_the_rules() -> None:
    assert load_document("%YAML 1.1\n---\na: no\n", "f").data == {"a": "no"}


def test_scalars_of_yaml_12() -> None:
    document = load_document(
        "[1, -2, 0x10, 0o17, 1.5, 1e3, true, False, null, ~, '1', \"true\", !!str 1]", "f"
    )
    assert document.data == [1, -2, 16, 15, 1.5, 1000.0, True, False, None, None, "1", "true", "1"]


def test_keys_become_text() -> None:
    assert load_document("{1: a, true: b, 'A': c, 1.5: d, '01': e}", "f").data == {
        "1": "a",
        "true": "b",
        "A": "c",
        "1.5": "d",
        "01": "e",
    }


def test_every_key_and_item_has_its_place() -> None:
    document = load_document("# first\na:\n  b: [x, y]\n  c:\n    - 1\n", "moat.yaml")
    assert document.places == {
        (): Place("moat.yaml", 2, 1),
        ("a",): Place("moat.yaml", 2, 1),
        ("a", "b"): Place("moat.yaml", 3, 3),
        ("a", "b", 0): Place("moat.yaml", 3, 7),
        ("a", "b", 1): Place("moat.yaml", 3, 10),
        ("a", "c"): Place("moat.yaml", 4, 3),
        ("a", "c", 0): Place("moat.yaml", 5, 7),
    }


def test_an_alias_repeats_what_it_names() -> None:
    document = load_document("a: &x {t: 5s}\nb: *x\nc: &x 1\nd: *x\n", "f")
    assert document.data == {"a": {"t": "5s"}, "b": {"t": "5s"}, "c": 1, "d": 1}
    assert document.problems == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "f:1:1 the file is empty"),
        ("# nothing\n", "f:1:1 the file is empty"),
        ("a: [1\nb: 2", "f:2:2 not valid YAML: expected ',' or ']', but got ':'"),
        ("a:\n\tb: 1", "f:2:1 not valid YAML: found character '\\t' that cannot start any token"),
        ("a: 1\n---\nb: 1", "f:2:1 not valid YAML: but found another document"),
        ("a: *x", "f:1:4 not valid YAML: found undefined alias 'x'"),
        ("a: 1\nb: \x01", "f:2:4 the character U+0001 may not stand in YAML"),
        ("[" * 100_000, "f:1:1 nested more than 32 levels deep"),
        ("[" * 40 + "]" * 40, "f:1:34 nested more than 32 levels deep"),
        ("a: 1\nb: 2\na: 3", "f:3:1 written twice; first at f:1:1"),
        ("1: a\n'1': b", "f:2:1 written twice; first at f:1:1"),
        ("01: a", "f:1:1 as a key, 01 can be read in two ways"),
        ("True: a", "f:1:1 as a key, True can be read in two ways"),
        ("~: a", "f:1:1 a key is missing"),
        ("? [a]\n: b", "f:1:3 a key must be a single word or number"),
        ("a: &x {b: 1}\nc:\n  <<: *x", "f:3:3 merge keys (<<) are not read"),
        ("a: !foo 1", "f:1:4 the tag !foo is not known"),
        ("&x [*x]", "f:1:1 an alias stands inside what it repeats"),
        ('a: "\\0"', "f:1:4 contains a character that PostgreSQL cannot store"),
        ('a: "\\ud800"', "f:1:4 contains a character that PostgreSQL cannot store"),
        ("# " + "x" * MAX_BYTES, "f:1:1 the file is larger than 4 MiB"),
    ],
    ids=lambda text: text[:25],
)
def test_what_is_wrong_with_the_yaml(text: str, expected: str) -> None:
    assert problems(text) == [expected]


def test_an_alias_bomb_is_refused_without_being_expanded() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 20)]
    document: Document = load_document("\n".join(lines), "f")
    assert [each.finding.message for each in document.problems] == ["aliases repeat too much of the file"]
    assert len(document.places) < 200_000
