"""One concept under several names is found; two concepts are never taken for one."""

from __future__ import annotations

import pytest

from pgmoat.report.naming.concepts import NamedColumn, group_same_concepts


def _columns(text: str) -> list[NamedColumn]:
    """Return columns written as ``table.column type > referenced``."""
    found: list[NamedColumn] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        place, _, rest = line.partition(" ")
        table, column = place.split(".")
        data_type, _, references = rest.partition(">")
        found.append(NamedColumn(f"public.{table}", column, data_type.strip(), references.strip()))
    return found


def _groups(text: str) -> dict[str, set[str]]:
    return {group.concept: set(group.names) for group in group_same_concepts(_columns(text))}


@pytest.mark.parametrize(
    ("text", "concept", "names"),
    [
        (
            "a.customer_id int\nb.cust_id bigint\nc.CustomerID int",
            "customer_id",
            "customer_id cust_id CustomerID",
        ),
        (
            "a.created_at timestamp\nb.create_date date\nc.crt_ts timestamp\nd.creation_time timestamp",
            "created_at",
            "created_at create_date crt_ts creation_time",
        ),
        ("a.last_update timestamp\nb.modified_dt timestamp", "updated_at", "last_update modified_dt"),
        ("a.zip text\nb.postal_code text", "postal_code", "zip postal_code"),
        ("a.phone text\nb.telephone character varying", "phone", "phone telephone"),
        ("a.dob date\nb.birth_date date", "date_of_birth", "dob birth_date"),
        (
            "a.user_id integer > public.users\nb.customer_id integer > public.users",
            "user_id",
            "user_id customer_id",
        ),
    ],
)
def test_found(text: str, concept: str, names: str) -> None:
    text = text.replace(" int\n", " integer\n").removesuffix(" int") + (
        " integer" if text.endswith(" int") else ""
    )
    assert _groups(text) == {concept: set(names.split())}


@pytest.mark.parametrize(
    "text",
    [
        "a.customer_id integer\nb.customer_id integer",
        "a.phone text\na.telephone text",  # side by side: two things
        "a.created_at timestamp\na.create_date date",
        "a.created_at timestamp\nb.updated_at timestamp",
        "a.created_by text\nb.created_at timestamp",
        "a.cust_id integer\nb.customer_id text",  # no key of both types
        "a.user_id integer > public.users\nb.customer_id integer > public.customers",
        "a.owner_id integer > public.users\nb.author_id integer > public.users",  # roles
        "a.st text\nb.status text",  # a guess
        "a.order_date date\nb.ship_date date",
        "a.x text\nb.y text",
        "",
    ],
)
def test_not_taken_for_one(text: str) -> None:
    assert _groups(text) == {}


def test_a_group_says_where_and_why() -> None:
    (group,) = group_same_concepts(
        _columns("a.cust_id integer\nb.customer_id integer\nc.customer_id integer")
    )
    assert group.names == ("customer_id", "cust_id")
    assert [column.table for column in group.columns] == ["public.a", "public.b", "public.c"]
    assert group.reason == "the same words, written in different ways"
