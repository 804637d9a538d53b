"""The how-to page, run as it is written: its blocks in order, in one module."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import pytest

from tests.integration.runtime.shop import POLICY
from tests.moat_fixtures import Moat as Site

PAGE = Path(__file__).parents[4] / "docs" / "how-to" / "use-sqlalchemy.md"


def test_the_page_does_what_it_says(
    shop: Site,
    route: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings = shop.policy.settings
    lines = [
        "version: 1",
        "settings:",
        f"  agent_role_prefix: {settings.agent_role_prefix}",
        f"  system_role_prefix: {settings.system_role_prefix}",
    ]
    (tmp_path / "moat.yaml").write_text("\n".join(lines) + POLICY)
    (tmp_path / "moat.credentials").write_text(f"PGMOAT_DSN_SUPPORT={shop.dsns(route)['support']}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ORCHESTRATOR_DSN", shop.database.dsn)

    names: dict[str, Any] = {"__name__": "page"}
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 6
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of langchain-community, at import
            for block in blocks:
                exec(compile(block, str(PAGE), "exec", dont_inherit=True), names)  # noqa: S102 - our own page
    finally:
        names["program"].close()

    assert len(names["rows"]) == len(names["frame"]) == 3
    assert "more than 50 rows" in capsys.readouterr().out
    assert names["answer"] == "[(4,)]"
    assert shop.read(
        "SELECT task_id, step, key ->> 'id', operation FROM pgmoat.history ORDER BY at, key"
    ) == [
        ("T-1", "ship", "7", "update"),
        ("T-1", "ship", "8", "update"),
        ("T-1", "tidy", "9", "delete"),
        ("T-1", None, "11", "update"),
        ("T-2", None, "12", "update"),
    ]
