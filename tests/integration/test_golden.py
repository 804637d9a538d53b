"""
The SQL of whole policies, kept to be read: ``tests/golden/<case>/{schema.sql, policy.yaml, expected.sql}``.

``PGMOAT_UPDATE_GOLDEN=1 pytest tests/integration/test_golden.py`` writes expected.sql anew.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pgmoat.catalog.read import read_catalog
from pgmoat.compiler.compile import compile_wanted
from pgmoat.model.objects import Definition, Kind, Wanted
from pgmoat.policy.load import load_policy
from tests.postgres_fixtures import Database

CASES = sorted(path for path in (Path(__file__).parent.parent / "golden").iterdir() if path.is_dir())


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_a_policy_compiles_to_the_expected_sql(case: Path, database: Database) -> None:
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute((case / "schema.sql").read_text().encode())
        loaded = load_policy(case / "policy.yaml")
        wanted = compile_wanted(loaded.policy, read_catalog(connection, loaded.policy))
    text = "\n".join(_render(wanted, database.name))
    expected = case / "expected.sql"
    if os.environ.get("PGMOAT_UPDATE_GOLDEN"):
        expected.write_text(text)
    assert text == expected.read_text()


def _render(wanted: Wanted, database: str) -> Iterator[str]:
    yield "-- What this policy makes, apart from what every policy has. Made by test_golden.py."
    for column in wanted.columns:
        yield f"\n-- column {column.name} {column.type_name}"
    for definition in filter(_is_of_the_policy, wanted.definitions):
        yield f"\n-- {definition.kind} {definition.name}"
        if definition.kind is not Kind.VIEW or definition.owner:
            yield f"-- as {_neutral_owner(definition)}"
        yield from (f"{statement};" for statement in definition.create)
    yield "\n-- grants on entities and base tables"
    for grant in sorted(
        wanted.grants, key=lambda grant: (grant.grantee, grant.object, grant.privilege, grant.column or "")
    ):
        if grant.object_kind in ("table", "sequence") and '"pgmoat".' not in grant.object:
            column = f" ({grant.column})" if grant.column else ""
            yield f"-- {grant.grantee}: {grant.privilege}{column} ON {grant.object.replace(database, 'db')}"
    yield ""


def _is_of_the_policy(definition: Definition) -> bool:
    if definition.name.startswith("pgmoat."):
        return False
    is_function = definition.name.startswith("pgmoat_write.") or definition.name.endswith("_hidden(jsonb)")
    return definition.kind in (Kind.TABLE, Kind.VIEW) or is_function


def _neutral_owner(definition: Definition) -> str:
    return definition.owner if definition.owner.startswith("pgmoat_") else "the table's owner"
