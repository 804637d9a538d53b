"""Databases by others: init, plan, apply, plan --check, init again, as superuser and without."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.draft.conftest import GIVEN, list_given, load_dump, open_copy
from tests.integration.draft.cycle import Cli, run_cycle
from tests.postgres_fixtures import PostgresServer


def test_the_whole_way(shop: Cli) -> None:
    run_cycle(shop)


@pytest.mark.parametrize("file", list_given() or [None], ids=lambda file: file.name if file else "none")
@pytest.mark.parametrize("superuser", [True, False], ids=["superuser", "installer"])
def test_the_whole_way_on_given_dumps(
    file: Path | None,
    superuser: bool,
    server: PostgresServer,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if file is None:
        pytest.skip(f"{GIVEN} names no folder of dumps")
    with (
        load_dump(server, file) as template,
        open_copy(server, template, superuser=superuser) as (dsn, prefix),
    ):
        seconds = run_cycle(Cli(dsn, prefix, tmp_path, capsys))
    with capsys.disabled():
        print(f"\n{file.name}: init took {seconds:.1f} s")  # noqa: T201 - what it is run for
