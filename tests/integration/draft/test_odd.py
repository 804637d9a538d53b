"""A database of everything odd: no name, type, rule or policy of it keeps a draft from passing."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from pgmoat.policy.load import load_policy
from tests.integration.draft.conftest import load_dump, open_copy
from tests.integration.draft.cycle import Cli, run_cycle
from tests.postgres_fixtures import Database, PostgresServer


@pytest.fixture(scope="module")
def odd(server: PostgresServer) -> Generator[Database]:
    """The database as it is made."""
    with load_dump(server, Path(__file__).with_name("odd.sql")) as database:
        yield database


@pytest.mark.parametrize("superuser", [True, False], ids=["superuser", "installer"])
def test_the_whole_way(
    superuser: bool,
    odd: Database,
    server: PostgresServer,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with open_copy(server, odd, superuser=superuser) as (dsn, prefix):
        cli = Cli(dsn, prefix, tmp_path, capsys)
        run_cycle(cli)
        policy = load_policy(cli.policy).policy
        text = cli.policy.read_text()
    tables = {entity.table for entity in policy.entities.values()}
    assert {"public.types", "public.wide", 'Odd "Schema.Tab le "x"', "public.user", "public.order"} <= tables
    assert not tables & {"public.v", "public.mv", "public.nocols", "public.parted_2024", "public.a.b"}
    assert not tables & {"public.rls_none", "public.rls_setting", "public.secrets_only"}
    assert policy.entities["rls_force"].rows == "tenant_id = task.tenant_id"
    assert len(policy.entities["wide"].columns) == 1_599
    assert {"1", "2", "77"} == policy.entities["rare"].column("status_cd").values.keys()
    assert policy.entities["rare"].column("kind_cd").values == {}
    assert "Anna" not in text
