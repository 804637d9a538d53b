"""No function that agents call keeps a plan that scans what has grown since."""

from __future__ import annotations

import re
from pathlib import Path

_SQL = Path(__file__).parents[3] / "src" / "pgmoat" / "compiler" / "sql"
_GROWING = re.compile(r"(?:FROM|JOIN|UPDATE) pgmoat\.(?:change|statement|ledger|operation_call)\b")
_BY_PEOPLE = {"prune_operations.sql"}  # a sweep


def test_functions_that_read_growing_tables_scan_none() -> None:
    found = {
        file.name
        for folder in ("functions", "entity", "log", "operation", "triggers")
        for file in (_SQL / folder).glob("*.sql")
        if "LANGUAGE plpgsql" in (text := file.read_text(encoding="utf-8"))
        and _GROWING.search(text)
        and "SET enable_seqscan = off" not in text
    }
    assert found == _BY_PEOPLE
