"""What every test can ask for: see the modules named here."""

from __future__ import annotations

pytest_plugins = ("tests.postgres_fixtures", "tests.moat_fixtures", "tests.pagila_fixtures")
