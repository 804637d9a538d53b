"""Every code of a claim is in the reference, and none that is gone."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from pgmoat.report.blast import (
    everyone,
    forging,
    functions,
    hijacking,
    objects,
    passing,
    powers,
    relations,
    touching,
)
from pgmoat.report.blast.everyone import GIVEN

PAGE = Path(__file__).parents[4] / "docs" / "reference" / "blast.md"
MODULES = (everyone, forging, functions, hijacking, objects, passing, powers, relations, touching)
SINGLE_WORDS = {"superuser", "replication", "notify", "monitor", "operation"}


def list_codes() -> set[str]:
    found: set[str] = set()
    for module in MODULES:
        assert module.__file__ is not None
        for node in ast.walk(ast.parse(Path(module.__file__).read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = node.value
                if text in SINGLE_WORDS or re.fullmatch(r"[a-z]+(-[a-z]+)+", text):
                    found.add(text)
    found |= {code.replace("-table", "-view") for code in ("read-table", "write-table")}
    return found - {"default-privileges", "-table", "-view", "-files"}


def test_every_code_is_in_the_reference_and_the_other_way_round() -> None:
    claims = PAGE.read_text().partition("## Claims")[2].partition("## JSON")[0]
    rows = [line.split("|")[1] for line in claims.splitlines() if line.startswith("| `")]
    documented = {code for cell in rows for code in re.findall(r"`([^`]+)`", cell)}
    assert documented == list_codes() - {"advisory-locks", "large-objects", "signals"} | {
        given.code for given in GIVEN
    }
