"""The script, the page, the text and the JSON say the same, and names cannot break out of any of them."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import pytest

from pgmoat.cli.blast_output import render_blast
from pgmoat.report.blast.describe import describe_blast, describe_password, summarize
from pgmoat.report.blast.model import Blast
from pgmoat.report.blast.page import render_page
from pgmoat.report.blast.script import choose_closures, render_script
from pgmoat.report.blast.snapshot import HbaFact, RelationFact, RoleFact
from tests.unit.report.blast.catalogs import ME, ORDERS, OWNER, PUBLIC_SCHEMA, STAFF, blast, grant, member

HOSTILE = "x\n; DROP TABLE y; --<script>alert(1)</script>\"'[bold]\u202e\x1b[31m"


def hostile() -> Blast:
    table = RelationFact(ORDERS, PUBLIC_SCHEMA, HOSTILE, "r", OWNER, rows=3)
    staff = RoleFact(STAFF, HOSTILE, can_login=True)
    grants = [grant(ME, "SELECT"), grant(0, "INSERT"), grant(STAFF, "DELETE")]
    return blast(relations=[table], roles=[staff], grants=grants, memberships=[member(ME, STAFF)])


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


def test_a_page_has_no_script_and_loads_nothing() -> None:
    page = render_page(hostile())
    parser = _Tags()
    parser.feed(page)
    assert not parser.tags & {"script", "img", "link", "iframe", "object", "form"}
    assert not {name for name in parser.attributes if name.startswith("on")} | {"src"} & parser.attributes
    assert "http:" not in page.replace("http-equiv", "")
    assert "https:" not in page
    assert "\u202e" not in page
    assert "\x1b" not in page
    assert "&lt;script&gt;" in page


def test_no_name_ends_a_comment_of_the_script() -> None:
    script = render_script(hostile())
    for line in script.splitlines():
        assert not line.startswith("; DROP TABLE") or '"' in line, line
    comments = [line for line in script.splitlines() if "hurts" in line or "needs" in line]
    assert comments
    assert all(line.startswith("--") for line in comments)


def test_no_name_reaches_the_terminal_as_it_is() -> None:
    shown = "\n".join(render_blast(hostile(), show_all=True))
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "\\[bold]" in shown


def test_the_script_closes_each_way_once_with_grants_first() -> None:
    found = blast(
        grants=[grant(0, "SELECT"), grant(STAFF, "SELECT"), grant(STAFF, "DELETE")],
        memberships=[member(ME, STAFF)],
    )
    chosen = choose_closures(found.beyond)
    assert [closure.area for closure in chosen].count("membership") == 1
    script = render_script(found)
    assert script.index('GRANT SELECT ON TABLE "public"."orders" TO "other"') < script.index("REVOKE")
    assert script.count('REVOKE "staff" FROM "me"') == 1
    assert "-- GRANT SELECT" in script
    assert script.count("BEGIN;") == script.count("COMMIT;") == 1


def test_the_script_of_a_role_without_anything_says_so() -> None:
    assert "There is nothing to close." in render_script(blast())


def test_json_names_each_closure_once_and_by_place() -> None:
    data = json.loads(json.dumps(describe_blast(hostile())))
    assert data["is_within_policy"] is False
    ways = [way for claim in data["claims"] for way in claim["ways"]]
    assert {place for way in ways for place in way["closures"]} == set(range(len(data["closures"])))
    assert data["counts"]["rows_per_statement"] is None


def test_the_sentence_counts() -> None:
    assert summarize(blast()) == (
        "me: reads 0 relations with about 0 rows, can change nothing; found: nothing"
    )
    found = blast(grants=[grant(ME, "UPDATE")])
    assert "can change about 1,000 rows in one statement, again and again" in summarize(found)


@pytest.mark.parametrize(
    ("line", "is_let_in"),
    [
        (HbaFact(1, "host", ("all",), ("all",), "10.0.0.0", "255.0.0.0", "scram-sha-256"), True),
        (HbaFact(1, "host", ("shop",), ("me",), "::1", "", "trust"), True),
        (HbaFact(1, "host", ("all",), ("+staff",), "::1", "", "trust"), True),
        (HbaFact(1, "host", ("all",), ("+boss",), "::1", "", "trust"), False),
        (HbaFact(1, "host", ("replication",), ("all",), "::1", "", "trust"), False),
        (HbaFact(1, "host", ("other",), ("all",), "::1", "", "trust"), False),
    ],
)
def test_from_where_a_password_is_good(line: HbaFact, is_let_in: bool) -> None:
    found = blast(hba=(line,), memberships=[member(ME, STAFF)])
    assert bool(found.login.places) is is_let_in


def test_what_could_not_be_read_is_said() -> None:
    assert any("could not be read" in line for line in describe_password(blast()))
    nobody = RoleFact(ME, "me")
    assert describe_password(blast(roles=[nobody]))[0].startswith("It may not log in")


def test_tables_that_were_never_counted_are_no_zero() -> None:
    fresh = RelationFact(ORDERS, PUBLIC_SCHEMA, "orders", "r", OWNER)
    found = blast(relations=[fresh], grants=[grant(ME, "DELETE")])
    assert "can change an unknown number of rows in one statement" in summarize(found)
    assert found.notes == ("rows of 1 never analyzed table are not counted, public.orders first",)
