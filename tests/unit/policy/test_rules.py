"""The parts of a policy: each message about an entity, an agent and the settings, as its reader sees it."""

from __future__ import annotations

from textwrap import dedent, indent

import pytest

from pgmoat.errors import PolicyError
from pgmoat.model.finding import Severity
from pgmoat.policy.load import load_policy_text

ENTITIES = """\
version: 1
entities:
  orders:
    table: public.orders
    key: [id]
    columns:
      id:
      usr_id: {name: customer_id, references: customers}
      stat_cd: {name: status, values: {1: pending, 2: shipped}}
      paid: {values: {true: yes, false: no}}
    delete: soft
    people_view: public.live_orders
  customers: {table: public.customers, columns: {id: {}}}
"""


def lines_of(text: str) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        load_policy_text(text, "moat.yaml")
    return list(caught.value.findings)


def with_entity(text: str) -> str:
    return "version: 1\nentities:\n  orders:\n" + indent(dedent(text), "    ")


def with_agent(text: str) -> str:
    return ENTITIES + "agents:\n  a:\n" + indent(dedent(text), "    ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("connections: 0", "connections: must be greater than 0"),
        ("connections: 20000", "connections: must be at most 10000"),
        ("connections: many", "connections: expected a whole number, found the text 'many'"),
        ("connections: true", "connections: expected a whole number, found the value true"),
        ("doc: 5", "doc: expected text, found the number 5 (put it in quotes: '5')"),
        (
            "limits: {bytes_per_task: 16mb}",
            "limits.bytes_per_task: 'mb' is not a unit of size: write one of B, kB, MB, GB, TB",
        ),
        ("timeouts: {statement: 0s}", "timeouts.statement: must be greater than 0"),
        ("timeouts: {statement: 365d}", "timeouts.statement: must be at most 2147483647"),
        ("timouts: {}", "timouts: unknown key (did you mean `timeouts`?)"),
        (
            "entities: {orders: }",
            "entities.orders: expected a mapping (key: value), found nothing"
            " (write {} for a mapping without keys)",
        ),
        (
            "entities: {orders: {delete: yes}}",
            "entities.orders.delete: expected true or false, found the text 'yes'"
            " (in YAML 1.2 yes is a word like any other)",
        ),
        (
            "entities: {orders: {update: status}}",
            "entities.orders.update: expected all, or a list of column names; found the text 'status'"
            " (write [status] for one column)",
        ),
        (
            "entities: {orders: {update: {}}}",
            "entities.orders.update: expected all, or a list of column names; found a mapping",
        ),
        (
            "entities: {orders: {update: [1]}}",
            "entities.orders.update.0: expected text, found the number 1 (put it in quotes: '1')",
        ),
        ("entities: {order: {}}", "entities.order: there is no entity `order` (did you mean `orders`?)"),
        (
            "entities: {orders: {select: [id, stat_cd]}}",
            "entities.orders.select.1: `stat_cd` is the name in the base table"
            " (agents see it as `status`: write that)",
        ),
        (
            "entities: {orders: {insert: [statu]}}",
            "entities.orders.insert.0: the entity has no column `statu` (did you mean `status`?)",
        ),
        (
            "entities: {orders: {update: [deleted_at]}}",
            "entities.orders.update.0: the entity has no column `deleted_at`",
        ),
        (
            "entities: {orders: {select: [id, id]}}",
            "entities.orders.select.1: `id` is listed twice; see moat.yaml:16:34",
        ),
        (
            "entities: {orders: {select: [status], update: [status]}}",
            "entities.orders.select: `id` is missing: an agent that updates or deletes must see the key"
            " (add id)",
        ),
        (
            "entities: {orders: {update: [id]}}",
            "entities.orders.update.0: `id` belongs to the key, which no agent may change (remove it)",
        ),
        (
            "entities: {customers: {delete: true}}",
            "entities.customers.delete: the rows of `customers` cannot be deleted: its delete is not soft;"
            " see moat.yaml:13:3 (write delete: soft in the entity, or delete: false here)",
        ),
    ],
    ids=lambda text: text[:45],
)
def test_an_agent(text: str, expected: str) -> None:
    found = lines_of(with_agent(text))
    assert [line.partition(" agents.a.")[2] for line in found] == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "table: orders\ncolumns: {id: }",
            "table: expected schema.table, such as public.orders; found the text 'orders'",
        ),
        ("table: s.t\ncolumns: {}", "columns: empty: list at least one"),
        ("table: s.t\ncolumns: [id]", "columns: expected a mapping (key: value), found a list"),
        ("table: s.t\ncolumns: {'': {name: a}}", "columns.: empty"),
        ("table: s.t\ncolumns: {id: }\nkey: id", "key: expected a list, found the text 'id' (write [id])"),
        (
            "table: s.t\ncolumns: {a: {values: {1: 5}}}",
            "columns.a.values.1: expected text, found the number 5 (put it in quotes: '5')",
        ),
        (
            "table: s.t\ncolumns: {a: {values: {01: x}}}",
            "columns.a.values.01: as a key, 01 can be read in two ways"
            " (write 1 if you mean that value, '01' in quotes if you mean that text)",
        ),
        (
            "table: s.t\ncolumns: {a: {values: {1: x, 2: x}}}",
            "columns.a.values.2: 'x' is the label of 1 too: which code would a write store?;"
            " see moat.yaml:5:28",
        ),
        (
            "table: s.t\ncolumns: {a: {values: {1: ' '}}}",
            "columns.a.values.1: the label is empty (write a word that agents read)",
        ),
        (
            "table: s.t\ncolumns: {a: {unmapped: alow}}",
            "columns.a.unmapped: expected error or allow, found the text 'alow' (did you mean `allow`?)",
        ),
        (
            "table: s.t\ncolumns: {a: {name: b}, b: }",
            "columns.b: `b` is the entity name of `a` too; see moat.yaml:5:15"
            " (give one of them another with `name:`)",
        ),
        (
            "table: s.t\ncolumns: {Order No: }",
            "columns.Order No: `Order No` needs quotes in SQL"
            " (give it one of lower-case letters, digits and underscores with `name:`)",
        ),
        (
            "table: s.t\ncolumns: {a: {name: xmin}}",
            "columns.a: `xmin` is the name of a system column (give it another with `name:`)",
        ),
        (
            "table: s.t\ncolumns: {a: {references: order}}",
            "columns.a.references: there is no entity `order` (did you mean `orders`?)",
        ),
        (
            "table: s.t\ncolumns: {usr_id: }\nkey: [user_id]",
            "key.0: `user_id` is not among the columns (did you mean `usr_id`?)",
        ),
        (
            "table: s.t\ncolumns: {usr_id: {name: buyer}}\nkey: [buyer]",
            "key.0: `buyer` is not among the columns (write the base column, `usr_id`)",
        ),
        (
            "table: s.t\ncolumns: {a: }\nkey: [zzz]",
            "key.0: `zzz` is not among the columns (list it, so that agents can say which row they mean)",
        ),
        (
            "table: s.t\ncolumns: {a: }\nkey: [a, a]",
            "key.1: `a` is listed twice; see moat.yaml:6:11",
        ),
        (
            "table: s.t\ncolumns: {a: , deleted_by: }\ndelete: soft",
            "columns.deleted_by: `deleted_by` is written by pgmoat when a row is deleted:"
            " it cannot be listed; see moat.yaml:6:5 (remove it)",
        ),
        (
            "table: s.t\ncolumns: {a: }\ndelete: {mode: soft, deleted_by: x, delete_reason: x}",
            "delete: `x` stands for more than one of deleted_at, deleted_by and delete_reason",
        ),
        (
            "table: s.t\ncolumns: {a: }\ndelete: {mode: sotf}",
            "delete.mode: expected soft or forbid, found the text 'sotf' (did you mean `soft`?)",
        ),
        (
            "table: s.t\ncolumns: {a: }\npeople_view: s.v",
            "people_view: there are no soft-deleted rows to hide: delete is not soft;"
            " see moat.yaml:3:3 (write delete: soft)",
        ),
        (
            "table: s.t\ncolumns: {a: }\ndelete: soft\npeople_view: s.t",
            "people_view: the name s.t is taken; see moat.yaml:4:5",
        ),
        (
            "table: s.t\ncolumns: {a: }\ndelete: soft\npeople_view: agent.t",
            "people_view: a view for people cannot be in a schema of agents or the system",
        ),
        ("table: pg_catalog.pg_class\ncolumns: {a: }", "table: pg_catalog.pg_class is a system table"),
    ],
    ids=lambda text: text[-45:],
)
def test_an_entity(text: str, expected: str) -> None:
    found = lines_of(with_entity(text))
    assert [line.partition(" entities.orders.")[2] for line in found] == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "settings: {entity_schema: public}",
            "settings.entity_schema: agents need a schema of their own:"
            " in `public` stands what PUBLIC may reach",
        ),
        ("settings: {entity_schema: pgmoat}", "settings.entity_schema: the schema `pgmoat` is taken"),
        ("settings: {entity_schema: pg_x}", "settings.entity_schema: the schema `pg_x` is taken"),
        (
            "settings: {agent_role_prefix: pg_}",
            "settings.agent_role_prefix: PostgreSQL keeps role names that begin with pg_ for itself",
        ),
        (
            "settings: {entity_schema: sales}\nentities: {o: {table: sales.o, columns: {id: }}}",
            "entities.o.table: sales.o is in `sales`, the schema of the entities; see moat.yaml:2:12"
            " (give the entities a schema of their own with settings.entity_schema)",
        ),
        (
            "settings: {agent_role_prefix: p}\nagents: {gmoat_owner: {}}",
            "agents.gmoat_owner: its role would be `pgmoat_owner`, which is one of pgmoat's own;"
            " see moat.yaml:2:12 (rename the agent, or change settings.agent_role_prefix)",
        ),
    ],
    ids=lambda text: text[:45],
)
def test_the_names_of_what_is_made(text: str, expected: str) -> None:
    found = lines_of("version: 1\n" + text)
    assert [line.partition(" ")[2] for line in found] == [expected]


@pytest.mark.parametrize(
    ("text", "severity", "expected"),
    [
        (
            with_agent("limits: {rows_per_statement: 50, writes_per_task: 10}"),
            Severity.NOTE,
            "moat.yaml:16:14 agents.a.limits.rows_per_statement: 50 is more than writes_per_task allows, 10:"
            " it never trips; see moat.yaml:16:38",
        ),
        (
            with_entity("table: s.t\ncolumns: {a: }\n") + "  again: {table: s.t, columns: {a: }}\n",
            Severity.NOTE,
            "moat.yaml:6:11 entities.again.table: s.t is the table of `orders` too:"
            " a row can be reached through both; see moat.yaml:4:5",
        ),
        (
            with_entity("table: s.t\ncolumns: {end: }"),
            Severity.WARNING,
            "moat.yaml:5:15 entities.orders.columns.end: `end` is a reserved word:"
            " agents must write it in quotes (choose another name)",
        ),
        (
            with_entity("table: s.t\ncolumns: {a: }\ndelete: {reason: required}"),
            Severity.WARNING,
            "moat.yaml:6:14 entities.orders.delete.reason: `reason` has no effect: delete is not soft"
            " (write mode: soft)",
        ),
    ],
    ids=["never-trips", "same-table", "reserved-word", "no-effect"],
)
def test_what_is_only_said(text: str, severity: Severity, expected: str) -> None:
    loaded = load_policy_text(text, "moat.yaml")
    assert [(each.severity, loaded.describe(each)) for each in loaded.findings] == [(severity, expected)]


def test_deleted_rows_that_another_entity_still_shows_are_said() -> None:
    text = with_entity("table: s.t\ncolumns: {a: }\ndelete: soft\n")
    loaded = load_policy_text(text + "  again: {table: s.t, columns: {a: }}\n", "moat.yaml")
    (found,) = [finding for finding in loaded.findings if finding.code == "deleted-still-seen"]
    assert found.severity is Severity.WARNING
    assert loaded.describe(found).startswith(
        "moat.yaml:7:3 entities.again.delete: rows that are deleted through `orders`"
    )
    both = load_policy_text(text + "  again: {table: s.t, columns: {a: }, delete: soft}\n", "moat.yaml")
    assert [finding.code for finding in both.findings] == ["same-table"]
