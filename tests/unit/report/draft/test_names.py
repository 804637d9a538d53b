"""No two names are one, and none is refused."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from pgmoat.policy.fields import IDENTIFIER_PATTERN
from pgmoat.policy.reserved import RESERVED_WORDS, SYSTEM_COLUMNS
from pgmoat.report.draft.names import name_columns, name_entities

WORD = st.sampled_from(["a", "b", "user", "order", "xmin", "ctid", "id", "2", "größe", "x" * 60, "pg", ""])
WORDS = st.lists(WORD, min_size=1, max_size=4)
BASES = st.dictionaries(
    st.text(min_size=1, max_size=8) | st.sampled_from(["a_b", "a", "user"]), WORDS, min_size=1
)


@given(BASES)
def test_columns_have_names_of_their_own(columns: dict[str, list[str]]) -> None:
    names = name_columns(columns, "orders")
    assert list(names) == list(columns)
    assert len(set(names.values())) == len(columns)
    for name in names.values():
        assert re.fullmatch(IDENTIFIER_PATTERN, name)
        assert len(name) <= 63
        assert name not in RESERVED_WORDS | SYSTEM_COLUMNS


@given(st.dictionaries(st.sampled_from(["s.a", "s.b", "t.a", "t.b", "u.a"]), WORDS, min_size=1))
def test_entities_have_names_of_their_own(tables: dict[str, list[str]]) -> None:
    names = name_entities(tables, {"a", "order"})
    assert len(set(names.values()) | {"a", "order"}) == len(tables) + 2
    for name in names.values():
        assert re.fullmatch(IDENTIFIER_PATTERN, name)
        assert name not in RESERVED_WORDS
        assert not name.startswith("pg_")


def test_the_schema_stands_before_a_name_only_where_two_clash() -> None:
    names = name_entities({"a.orders": ["orders"], "b.orders": ["orders"], "b.bills": ["bills"]})
    assert names == {"a.orders": "a_orders", "b.bills": "bills", "b.orders": "b_orders"}


def test_a_reserved_word_is_written_otherwise() -> None:
    assert name_entities({"public.order": ["order"], "public.user": ["user"]}) == {
        "public.order": "orders",
        "public.user": "users",
    }
    assert name_columns({"group": ["group"], "xmin": ["xmin"]}, "orders") == {
        "group": "order_group",
        "xmin": "order_xmin",
    }


def test_a_legible_name_stays_and_others_give_way() -> None:
    names = name_columns({"stat": ["status"], "status": ["status"]}, "orders")
    assert names == {"stat": "stat", "status": "status"}
