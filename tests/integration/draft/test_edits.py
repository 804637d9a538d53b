"""A second init: what a person did stays, what is new comes in, what is gone is told."""

from __future__ import annotations

from typing import LiteralString

import psycopg
import pytest

from pgmoat.policy.load import load_policy
from pgmoat.policy.schema import Policy
from tests.integration.draft.cycle import Cli

SCHEMA: LiteralString = """
CREATE TABLE customers (id bigserial PRIMARY KEY, seg_no int, email text, note text);
CREATE TABLE orders (
    id bigserial PRIMARY KEY, customer_id bigint NOT NULL REFERENCES customers, ref int,
    stat_cd smallint NOT NULL, status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'closed')),
    total numeric, remark text);
CREATE TABLE parcels (id bigserial PRIMARY KEY, order_id bigint NOT NULL REFERENCES orders, weight int);
INSERT INTO customers (seg_no, email) SELECT i, 'p' || i || '@example.com' FROM generate_series(1, 30) i;
INSERT INTO orders (customer_id, ref, total, stat_cd)
SELECT 1 + i % 30, i, i, 1 + i % 3 FROM generate_series(1, 90) i;
ANALYZE;
"""
CHANGE: LiteralString = """
ALTER TABLE orders ADD COLUMN shipped_at timestamptz, ADD COLUMN iban text, DROP COLUMN stat_cd;
CREATE TABLE invoices (id bigserial PRIMARY KEY, order_id bigint REFERENCES orders, amount numeric);
DROP TABLE parcels;
ANALYZE;
"""


@pytest.fixture
def shop(cli: Cli) -> Cli:
    """A shop with a first draft."""
    execute(cli, SCHEMA)
    cli.draft()
    cli.init()
    return cli


def execute(cli: Cli, statements: LiteralString) -> None:
    """Run statements of people's."""
    with psycopg.connect(cli.dsn, autocommit=True) as connection:
        connection.execute(statements)


def edit(cli: Cli, *changes: tuple[str, str]) -> None:
    """Change the file as a person would."""
    text = cli.policy.read_text()
    for old, new in changes:
        assert old in text, (old, text)
        text = text.replace(old, new, 1)
    cli.policy.write_text(text)


def load(cli: Cli) -> Policy:
    """Return the policy as it is."""
    return load_policy(cli.policy).policy


def lines_of(cli: Cli) -> list[str]:
    """Return the lines of the file."""
    return cli.policy.read_text().splitlines()


EDITS = {
    "reword": (
        "\n      seg_no: {name: segment_number}",
        "\n      seg_no: {name: segment, doc: 'Sales say which.'}  # asked Ann",
    ),
    "take out": ("\n      total: {}", ""),
    "comment out": ("\n      ref: {", "\n      # not for agents\n      # ref: {"),
    "uncomment": ("# email: {}", "email: {}"),
    "find the words": ("TODO_1", "pending"),
    "rename": ("parcels:", "packages:"),
    "head": ("# What AI agents may", "# Our policy. What AI agents may"),
}


@pytest.mark.parametrize("edited", EDITS)
def test_nothing_new_and_an_edit_is_byte_for_byte_the_same(shop: Cli, edited: str) -> None:
    old, new = EDITS[edited]
    edit(shop, *[(old, new)] * (shop.policy.read_text().count(old) if edited == "rename" else 1))
    before = shop.policy.read_bytes(), shop.memory.read_bytes()
    found = shop.init()
    assert not found["written"]
    assert (shop.policy.read_bytes(), shop.memory.read_bytes()) == before


def test_news_come_in_and_edits_stay(shop: Cli) -> None:
    edit(
        shop, *(EDITS[name] for name in ("reword", "take out", "comment out", "uncomment", "find the words"))
    )
    edited = lines_of(shop)
    execute(shop, CHANGE)
    found = shop.init()
    assert found["added"] == [
        "entities.orders.columns.shipped_at",
        "entities.orders.columns.iban",
        "entities.invoices",
        "agents.reader.entities.invoices",
    ]
    assert [line.partition(":")[0] for line in found["vanished"]] == [
        "entities.orders.columns.stat_cd",
        "entities.parcels",
    ]
    policy = load(shop)
    assert policy.entities["invoices"].column("order_id").references == "orders"
    assert "shipped_at" in policy.entities["orders"].columns
    assert not {"iban", "total", "ref"} & policy.entities["orders"].columns.keys()
    assert policy.agents["reader"].entities.keys() == {"customers", "invoices", "orders", "parcels"}
    after = lines_of(shop)
    rest = iter(after)
    assert all(line in rest for line in edited)  # every line, in its order
    assert [line for line in after if line.strip() == "# new since the last init"]
    assert any(line.strip().startswith("# iban: {}") for line in after)
    before = shop.policy.read_bytes()
    assert not shop.init()["written"]
    assert shop.policy.read_bytes() == before


def test_the_result_passes_plan_once_what_is_gone_is_taken_out(shop: Cli) -> None:
    execute(shop, CHANGE)
    shop.init()
    code, out, err = shop.run("plan")
    assert code == 1, (out, err)
    text = shop.policy.read_text()
    start = text.index("\n  parcels:\n")
    end = text.index("\nagents:")
    text = text[:start] + text[end:]
    text = text.replace("\n      parcels: {}", "")
    shop.policy.write_text("\n".join(line for line in text.splitlines() if "stat_cd:" not in line) + "\n")
    shop.expect("plan")
    shop.expect("apply")
    shop.expect("plan", "--check")
    assert not shop.init()["written"]


def test_an_entity_that_a_person_took_out_stays_out(shop: Cli) -> None:
    text = shop.policy.read_text()
    start = text.index("\n  parcels:\n")
    end = text.index("\nagents:")
    shop.policy.write_text((text[:start] + text[end:]).replace("\n      parcels: {}", ""))
    before = shop.policy.read_bytes()
    found = shop.init()
    assert (found["added"], found["vanished"]) == ([], [])
    assert shop.policy.read_bytes() == before


def test_without_its_memory_init_adds_comments_only(shop: Cli) -> None:
    edit(shop, EDITS["take out"])
    shop.memory.write_text("<<<<<<< ours\n")
    execute(shop, CHANGE)
    before = load(shop)
    found = shop.init()
    assert "entities.orders.columns.total" in found["added"]
    assert load(shop) == before
    text = shop.policy.read_text()
    for line in ("      # total: {}", "      # shipped_at: {", "  # invoices:"):
        assert line in text, text
    again = shop.policy.read_bytes()
    assert not shop.init()["written"]
    assert shop.policy.read_bytes() == again


def test_a_new_column_of_a_clashing_name_gets_another(shop: Cli) -> None:
    edit(shop, ("{name: segment_number}", "{name: title}"))
    execute(shop, "ALTER TABLE customers ADD COLUMN title text")
    shop.init()
    names = load(shop).entities["customers"].entity_columns
    assert (names["seg_no"], names["title"]) == ("title", "title_2")


def test_a_policy_in_a_persons_own_layout(cli: Cli) -> None:
    execute(cli, SCHEMA)
    names = f"{{agent_role_prefix: {cli.prefix}a_, system_role_prefix: {cli.prefix}m_}}"
    cli.policy.write_text(
        f"version: 1\nsettings: {names}\n"
        "entities: {customers: {table: public.customers, columns: {id: {}}}}\n"
        "agents:\n  desk: {entities: {customers: {}}}\n"
    )
    before = load(cli)
    cli.init()
    assert load(cli) == before  # it has no memory: nothing but comments, and none fits there
    cli.expect("plan")


def test_settings_that_a_person_writes_first_stay(cli: Cli) -> None:
    execute(cli, SCHEMA)
    names = f"{{agent_role_prefix: {cli.prefix}a_, system_role_prefix: {cli.prefix}m_}}"
    head = f"# ours\nversion: 1\nsettings: {names}\n"
    cli.policy.write_text(head)
    assert cli.init()["first"]
    assert cli.policy.read_text().startswith(head)
    policy = load(cli)
    assert (len(policy.entities), len(policy.agents)) == (3, 3)
    cli.expect("plan")
    assert not cli.init()["written"]


def test_after_apply_the_columns_that_it_added_are_no_news(shop: Cli) -> None:
    edit(shop, ("\n      weight: {}\n", "\n      weight: {}\n    delete: soft\n"))
    shop.expect("apply")
    before = shop.policy.read_bytes()
    found = shop.init()
    assert not found["written"], found
    assert shop.policy.read_bytes() == before


def test_what_a_person_hid_is_not_shown_under_another_name(shop: Cli) -> None:
    """Columns and tables that agents did not see come back as comments when they are renamed."""
    line = next(line for line in lines_of(shop) if line.startswith("      ref: {"))
    edit(shop, (f"{line}\n", ""))
    shop.init()
    assert "ref" not in load(shop).entities["orders"].columns
    execute(shop, "ALTER TABLE orders RENAME ref TO foreign_ref; ALTER TABLE parcels RENAME TO boxes")
    shop.init()
    text = shop.policy.read_text()
    assert "# DECIDE: new since the last init, or ref under another name, which agents did not see" in text
    assert "# foreign_ref:" in text
    assert "or public.parcels under another name: then change its table:" in text
    policy = load(shop)
    assert "foreign_ref" not in policy.entities["orders"].columns
    assert "boxes" not in policy.entities
    assert "boxes" not in policy.agents["reader"].entities
    before = shop.policy.read_bytes()
    shop.init()
    assert shop.policy.read_bytes() == before
    # What comes later is new again.
    execute(shop, "ALTER TABLE orders ADD COLUMN gift boolean")
    shop.init()
    assert "gift" in load(shop).entities["orders"].columns
