"""What lies in other databases is told by their name, and closed there."""

from __future__ import annotations

from dataclasses import replace

from pgmoat.report.blast.elsewhere import add_databases, list_other_databases
from pgmoat.report.blast.script import render_script
from pgmoat.report.blast.snapshot import GrantFact, ObjectFact, RoleFact
from tests.unit.report.blast.catalogs import ME, ROOT, blast, find, grant

OTHER = ObjectFact("database", 2, "books", ROOT)
CONNECT = GrantFact("database", 2, 0, "CONNECT", is_default=True)


def test_other_databases_are_those_that_the_role_may_log_in_to() -> None:
    assert list_other_databases(blast(objects=[OTHER], grants=[CONNECT])) == ["books"]
    assert list_other_databases(blast(objects=[OTHER])) == []
    assert list_other_databases(blast(objects=[replace(OTHER, detail="closed")], grants=[CONNECT])) == []


def test_local_claims_move_and_those_of_the_server_do_not_come_twice() -> None:
    strong = RoleFact(ME, "me", can_login=True, creates_databases=True)
    here = blast(objects=[OTHER], grants=[CONNECT], roles=[strong])
    there = replace(blast(grants=[grant(ME, "DELETE")], roles=[strong]), database="books")
    found = add_databases(here, [there], ["not read: x"])
    (claim,) = find(found, "write-table")
    assert claim.subject.database == "books"
    assert claim.closures[0].object == "table public.orders in database books"
    assert len(find(found, "create-database")) == 1
    assert find(found, "connect-database")[0].message.endswith("what it reaches there is listed")
    assert found.notes[-1] == "not read: x"
    assert [one.severity for one in found.beyond] == ["high", "medium"]


def test_the_script_leaves_other_databases_to_one_of_their_own() -> None:
    there = replace(blast(grants=[grant(ME, "DELETE")]), database="books")
    script = render_script(add_databases(blast(objects=[OTHER], grants=[CONNECT]), [there]))
    assert "-- Database books needs a script of its own" in script
    assert "REVOKE" not in script
