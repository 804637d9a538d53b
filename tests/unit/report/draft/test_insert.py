"""What is inserted is there, and every other byte too."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgmoat.policy.positions import load_document
from pgmoat.report.draft.insert import Insertion, insert_all
from pgmoat.report.draft.scalars import Value

FILE = """\
# a person's head
version: 1   # as it is

entities:

  # about orders
  orders:
    table: public.orders
    columns:
      id: {}
      usr_id: {name: customer_id}   # who
      # ssn: {}  # hidden
    # rows: id = task.id

  customers: {table: public.customers, columns: {id: {}}}

agents:
  reader:
    entities:
      orders: {}
accept:
- object: public.f()
  why: known
# the end
"""


def column(entity: str, key: str, after: str | None = None) -> Insertion:
    return Insertion(
        ("entities", entity, "columns"), key, {"doc": "new"}, ("# new", f"{key}: {{doc: new}}"), after
    )


def entity(name: str, after: str | None = None) -> Insertion:
    columns: dict[str, Value] = {"id": {}}
    value: dict[str, Value] = {"table": f"public.{name}", "columns": columns}
    lines = (f"{name}:", f"  table: public.{name}", "  columns:", "    id: {}")
    return Insertion(("entities",), name, value, lines, after, is_spaced=True)


def add(text: str, *insertions: Insertion) -> str:
    found = insert_all(text, insertions)
    assert found.left == ()
    return found.text


def test_a_column_goes_behind_the_one_before_it() -> None:
    assert add(FILE, column("orders", "note", "id")) == FILE.replace(
        "      id: {}\n", "      id: {}\n      # new\n      note: {doc: new}\n", 1
    )


def test_the_last_column_goes_behind_those_that_are_commented_out() -> None:
    assert add(FILE, column("orders", "note", "usr_id")) == FILE.replace(
        "# hidden\n", "# hidden\n      # new\n      note: {doc: new}\n"
    )


def test_a_person_who_writes_on_one_line_keeps_it() -> None:
    assert add(FILE, column("customers", "note")) == FILE.replace(
        "columns: {id: {}}}", "columns: {id: {}, note: {doc: new}}}"
    )


def test_an_entity_goes_behind_another_with_its_comments() -> None:
    added = "\n  bills:\n    table: public.bills\n    columns:\n      id: {}\n"
    assert add(FILE, entity("bills", "orders")) == FILE.replace(
        "    # rows: id = task.id\n", "    # rows: id = task.id\n" + added
    )
    assert add(FILE, entity("bills")) == FILE.replace("columns: {id: {}}}\n", "columns: {id: {}}}\n" + added)


def test_an_item_of_a_list() -> None:
    item = Insertion(("accept",), None, {"object": "x", "why": "y"}, ("- object: x", "  why: y"))
    assert add(FILE, item) == FILE.replace("  why: known\n", "  why: known\n- object: x\n  why: y\n")


@pytest.mark.parametrize("empty", ["", "entities:\n", "entities: {}\n", "entities: {}   \n"])
def test_a_section_that_is_not_there_or_empty(empty: str) -> None:
    text = "version: 1\n" + empty
    changed = add(text, entity("bills"), entity("orders"))
    data = load_document(changed, "f").data
    assert isinstance(data, dict)
    assert isinstance(data["entities"], dict)
    assert list(data["entities"]) == ["bills", "orders"]
    assert changed.startswith("version: 1\n")


_HEAD = "version: 1\nentities:\n  orders:\n    columns:\n      id:"
LAYOUTS = [
    "{version: 1, entities: {orders: {table: a.b, columns: {id: {}, # who\n b: {}}}}}",
    _HEAD + "\n      b:",
    _HEAD + ' {doc: "two\n        lines"}',
    _HEAD + "\n        doc: |\n          a\n\n          b\n\n\n    table: a.b\n",
    _HEAD + "\n        doc: >-\n          a\n          b",
    (_HEAD + " {}\n    table: a.b\n").replace("\n", "\r\n"),
    "version: 1\nentities:\n    orders:\n        table: a.b\n        columns:\n                id: {}\n# end",
    "---\nversion: 1\nentities:\n  orders:\n    columns:\n      ? id\n      : {}\n    table: a.b\n...\n",
]


@pytest.mark.parametrize("text", LAYOUTS)
def test_any_layout(text: str) -> None:
    before = load_document(text, "f")
    assert before.problems == ()
    changed = add(text, column("orders", "note"))
    assert is_subsequence(text, changed)
    after = load_document(changed, "f").data
    assert isinstance(after, dict)
    assert "\n" not in changed.replace("\r\n", "") if "\r\n" in text else True


def test_what_has_no_place_is_handed_back() -> None:
    text = "version: 1\nentities:\n  a: {table: a.b, columns: &c {id: {}}}\n  orders: {columns: *c}\n"
    wrong = column("orders", "note")
    found = insert_all(text, [wrong, column("nowhere", "x"), entity("bills")])
    assert found.left == (wrong, column("nowhere", "x"))
    assert is_subsequence(text, found.text)
    assert "bills" in found.text
    assert "note" not in found.text


def is_subsequence(short: str, long: str) -> bool:
    """Whether *long* is *short* with more in between."""
    rest = iter(long)
    return all(character in rest for character in short)


KEYS = st.sampled_from(["id", "usr_id", "b", "c d", "true", "1", "ü"])
VALUES = st.sampled_from(
    [" {}", "", " {name: x}", ' {doc: "a # b"}', " {doc: a,\n          name: z}", "\n        doc: text"]
)
COMMENTS = st.sampled_from(["", "  # why", "  #"])
BETWEEN = st.sampled_from(["", "      # x: {}\n", "\n", "# left\n", "    # deeper\n"])


@st.composite
def entities(draw: st.DrawFn) -> str:
    """An entity in a person's layout."""
    keys = draw(st.lists(KEYS, min_size=1, max_size=4, unique=True))
    lines = [f'      "{key}":{draw(VALUES)}{draw(COMMENTS)}\n{draw(BETWEEN)}' for key in keys]
    return (
        "    columns:\n"
        + "".join(lines)
        + draw(st.sampled_from(["", "    delete: soft\n", "    doc: |\n      x\n\n"]))
    )


@settings(max_examples=60, deadline=None)
@given(entities(), entities(), st.sampled_from([None, "id", "b"]), st.booleans())
def test_any_edit_of_a_persons_stays(first: str, second: str, after: str | None, has_end: bool) -> None:
    text = f"version: 1\nentities:\n  one:\n{first}  two:\n{second}" + ("" if has_end else "\n# end\n")
    before = load_document(text, "f")
    if before.problems:
        return
    found = insert_all(text, [column("one", "new_1", after), column("two", "new_2"), entity("bills", "one")])
    assert found.left == ()
    assert is_subsequence(text, found.text)
    data = load_document(found.text, "f").data
    assert isinstance(data, dict)
    inserted = data["entities"]
    assert isinstance(inserted, dict)
    assert set(inserted) == {"one", "two", "bills"}
    for line in text.splitlines():
        if "#" in line:
            assert line in found.text
