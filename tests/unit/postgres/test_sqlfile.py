"""SQL from files: the newest variant that fits the server."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pgmoat.postgres.sqlfile import load_sql

PACKAGE = "package_with_sql"


@pytest.fixture(autouse=True)
def _package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    folder = tmp_path / PACKAGE / "sql"
    folder.mkdir(parents=True)
    (tmp_path / PACKAGE / "__init__.py").touch()
    for name in ("read_roles.sql", "read_roles.pg16.sql", "read_roles.pg17.sql", "other.pg18.sql"):
        (folder / name).write_text(f"-- {name}: é\nSELECT 1;\n", encoding="utf-8")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    yield
    sys.modules.pop(PACKAGE, None)


@pytest.mark.parametrize(
    ("server_version", "wanted"),
    [
        (None, "read_roles.sql"),
        (150_004, "read_roles.sql"),
        (160_000, "read_roles.pg16.sql"),
        (169_999, "read_roles.pg16.sql"),
        (180_001, "read_roles.pg17.sql"),
    ],
)
def test_the_newest_that_fits(server_version: int | None, wanted: str) -> None:
    assert load_sql(PACKAGE, "read_roles", server_version) == f"-- {wanted}: é\nSELECT 1;\n"


@pytest.mark.parametrize("name", ["missing", "other", "read"])
def test_a_statement_that_is_not_there(name: str) -> None:
    with pytest.raises(FileNotFoundError):
        load_sql(PACKAGE, name, 170_000)
