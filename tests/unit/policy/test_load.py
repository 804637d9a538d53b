"""The policy file as a whole: what is loaded, and each message, as its reader sees it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgmoat.errors import PolicyError
from pgmoat.model.finding import Finding, Place, Severity
from pgmoat.policy.load import LoadedPolicy, load_policy, load_policy_text

GOOD = """\
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
agents:
  support:
    entities:
      orders: {update: [status], delete: true}
      customers: {select: [id]}
    timeouts: {statement: 500ms, lock: 200ms}
    limits: {bytes_per_task: 64kB, task_duration: 1h}
"""


def load(text: str) -> LoadedPolicy:
    return load_policy_text(text, "moat.yaml")


def lines_of(text: str) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        load(text)
    assert caught.value.detail == "\n".join(caught.value.findings)
    return list(caught.value.findings)


def test_a_good_policy() -> None:
    loaded = load(GOOD)
    orders = loaded.policy.entities["orders"]
    assert loaded.findings == ()
    assert orders.column("stat_cd").values == {"1": "pending", "2": "shipped"}
    assert orders.column("paid").values == {"true": "yes", "false": "no"}
    assert orders.column("id").name is None
    assert orders.delete.mode == "soft"
    agent = loaded.policy.agents["support"]
    assert agent.timeouts.statement == 500
    assert (agent.limits.bytes_per_task, agent.limits.task_duration) == (65_536, 3_600_000)


def test_a_place_is_that_of_the_nearest_thing_written() -> None:
    loaded = load(GOOD)
    assert loaded.place_of(("entities", "orders", "columns", "stat_cd")) == Place("moat.yaml", 9, 7)
    assert loaded.place_of(("entities", "orders", "delete", "mode")) == Place("moat.yaml", 11, 5)
    assert loaded.place_of(("accept", 3)) == Place("moat.yaml", 1, 1)


def test_a_finding_in_one_line() -> None:
    path = ("entities", "orders", "columns", "stat_cd")
    finding = Finding(
        Severity.ERROR, "no-column", path, "no such column", "did you mean `x`?", ("entities", "orders")
    )
    assert load(GOOD).describe(finding) == (
        "moat.yaml:9:7 entities.orders.columns.stat_cd: no such column; see moat.yaml:3:3 (did you mean `x`?)"
    )


def test_every_problem_at_once_in_the_order_of_the_file() -> None:
    text = """\
    version: 2
    entities:
      orders:
        table: public.orders
        columns: {id: {}, usr_id: {name: customer_id}, usr_id: {}}
      items:
        tabel: public.items
        delete: hard
    agents:
      support:
        entities: {orders: {select: [id, usr_id]}, item: {}}
        timeouts: {lock: 5}
    """
    assert lines_of(dedent(text)) == [
        "moat.yaml:1:1 version: expected 1, found the number 2",
        "moat.yaml:5:52 entities.orders.columns.usr_id: written twice; first at moat.yaml:5:23"
        " (keep one of the two)",
        "moat.yaml:6:3 entities.items.columns: this key is missing"
        " (Base column to its policy. A column that is not listed is hidden.)",
        "moat.yaml:6:3 entities.items.table: this key is missing (The base table, as schema.table.)",
        "moat.yaml:7:5 entities.items.tabel: unknown key (did you mean `table`?)",
        "moat.yaml:8:5 entities.items.delete: expected soft or forbid, found the text 'hard'"
        " (agents never delete for good: soft marks the row)",
        "moat.yaml:11:38 agents.support.entities.orders.select.1: `usr_id` is the name in the base table"
        " (agents see it as `customer_id`: write that)",
        "moat.yaml:11:48 agents.support.entities.item: there is no entity `item` (did you mean `items`?)",
        "moat.yaml:12:16 agents.support.timeouts.lock: write a unit: 5s, say, not 5",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- a", "moat.yaml:1:1: expected a mapping (key: value), found a list (begin with: version: 1)"),
        (
            "hello",
            "moat.yaml:1:1: expected a mapping (key: value), found the text 'hello' (begin with: version: 1)",
        ),
        ("", "moat.yaml:1:1: the file is empty (begin with: version: 1)"),
        (
            "a:\n\tb: 1",
            "moat.yaml:2:1: not valid YAML: found character '\\t' that cannot start any token"
            " (indent with spaces, not with tabs)",
        ),
        ("entities: {}", "moat.yaml:1:1 version: this key is missing (Version of the file's format.)"),
        ("version: '1'", "moat.yaml:1:1 version: expected 1, found the text '1' (write it without quotes)"),
        (
            "version: 1\nfoo: 1",
            "moat.yaml:2:1 foo: unknown key (known keys: version, settings, entities,"
            " operations, agents, replica, accept)",
        ),
        (
            "version: 1\nagents: []",
            "moat.yaml:2:1 agents: expected a mapping (key: value), found a list",
        ),
        (
            "version: 1\nagents:",
            "moat.yaml:2:1 agents: expected a mapping (key: value), found nothing"
            " (write {} for a mapping without keys)",
        ),
        ("version: 1\naccept: {}", "moat.yaml:2:1 accept: expected a list, found a mapping"),
        (
            "version: 1\naccept: [{object: public.t, why: ''}]",
            "moat.yaml:2:29 accept.0.why: empty",
        ),
        (
            "version: 1\nagents: {A b: {}}",
            "moat.yaml:2:10 agents.A b: expected lower-case letters, digits and underscores,"
            " beginning with a letter; found the text 'A b'",
        ),
        (
            "version: 1\nsettings: {system_role_prefix: " + "x" * 21 + "}",
            "moat.yaml:2:12 settings.system_role_prefix: longer than 20 characters",
        ),
        (
            "version: 1\nagents: {a: {version: -}}",
            "moat.yaml:2:14 agents.a.version: expected letters, digits, dots and underscores,"
            " beginning with a letter or digit; found the text '-'",
        ),
    ],
    ids=lambda text: text[:25],
)
def test_the_file_and_its_sections(text: str, expected: str) -> None:
    assert lines_of(text) == [expected]


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "moat.yaml"
    path.write_text("\ufeff" + GOOD, encoding="utf-8")
    assert load_policy(path).file == str(path)
    assert list(load_policy(path).policy.entities) == ["orders", "customers"]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"cannot read .*moat\.yaml: No such file or directory"):
        load_policy(tmp_path / "moat.yaml")


def test_a_file_that_is_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "moat.yaml"
    path.write_bytes(b"version: 1\ndoc: caf\xe9\n")
    with pytest.raises(PolicyError) as caught:
        load_policy(path)
    assert caught.value.findings == (f"{path}:2:9: the byte 0xE9 is not UTF-8 (save the file as UTF-8)",)


@pytest.mark.parametrize("content", [b"#" + b"x" * 5_000_000, "é".encode() * 2_500_000, b"\xe9" * 5_000_000])
def test_a_file_that_is_too_large(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "moat.yaml"
    path.write_bytes(content)
    with pytest.raises(PolicyError) as caught:
        load_policy(path)
    assert len(caught.value.findings) == 1


@given(
    st.lists(
        st.tuples(st.integers(0, len(GOOD)), st.sampled_from("{}[]:,-'\"\n \t&*!|01axé#?%@")), max_size=6
    )
)
def test_no_damage_to_the_file_raises_anything_else(changes: list[tuple[int, str]]) -> None:
    text = GOOD
    for offset, character in changes:
        text = text[:offset] + character + text[offset + 1 :]
    with suppress(PolicyError):
        load(text)
