"""SARIF 2.1.0: what the standard asks for, and what code scanning needs to tell findings apart."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pgmoat.report.lint.rules import RULES
from pgmoat.report.lint.sarif import FINGERPRINT, render_sarif
from tests.unit.report.lint.build import column, lint, table

LEVELS = {"none", "note", "warning", "error"}
RULE_KEYS = {"id", "name", "help", "helpUri", "defaultConfiguration", "properties"} | {
    "shortDescription",
    "fullDescription",
}
RESULT_KEYS = {"ruleId", "ruleIndex", "level", "message", "locations", "partialFingerprints", "baselineState"}
STATES = {"new", "unchanged", "updated", "absent"}


@pytest.fixture
def findings() -> Any:
    return lint(
        table(
            "ord", column("id", "int4"), column("stat_cd", "int2"), column("made", "timestamp"), comment=None
        )
    ).findings


def check_sarif(log: dict[str, Any]) -> None:
    """Check what the schema of SARIF 2.1.0 requires of the parts that are used here."""
    assert set(log) == {"$schema", "version", "runs"}
    assert log["version"] == "2.1.0"
    assert log["$schema"].startswith("https://")
    for run in log["runs"]:
        assert set(run) <= {"tool", "results", "columnKind"}
        assert run["columnKind"] in {"utf16CodeUnits", "unicodeCodePoints"}
        driver = run["tool"]["driver"]
        assert set(driver) <= {"name", "semanticVersion", "informationUri", "rules"}
        assert driver["name"]
        ids = [rule["id"] for rule in driver["rules"]]
        assert len(set(ids)) == len(ids)
        for rule in driver["rules"]:
            check_rule(rule)
        for result in run["results"]:
            check_result(result, ids)


def check_rule(rule: dict[str, Any]) -> None:
    assert set(rule) <= RULE_KEYS
    assert rule["name"].isalnum()
    for part in ("shortDescription", "fullDescription", "help"):
        assert rule[part]["text"]
    assert rule["help"]["markdown"].startswith(f"### {rule['id']} ")
    assert rule["defaultConfiguration"]["level"] in LEVELS
    assert -1 <= rule["defaultConfiguration"]["rank"] <= 100
    assert len(set(rule["properties"]["tags"])) == len(rule["properties"]["tags"])


def check_result(result: dict[str, Any], ids: list[str]) -> None:
    assert set(result) <= RESULT_KEYS
    assert ids[result["ruleIndex"]] == result["ruleId"]
    assert result["level"] in LEVELS
    assert result["message"]["text"]
    assert result.get("baselineState", "new") in STATES
    assert all(isinstance(value, str) for value in result["partialFingerprints"].values())
    for location in result["locations"]:
        assert set(location) <= {"logicalLocations", "physicalLocation"}
        for part in location["logicalLocations"]:
            assert set(part) == {"name", "fullyQualifiedName", "kind"}


def test_a_log_is_what_the_standard_asks_for(findings: Any) -> None:
    log = render_sarif(findings, RULES, "1.2.3", new=frozenset())
    check_sarif(log)
    assert json.loads(json.dumps(log)) == log
    assert len(log["runs"][0]["results"]) == len(findings) > 3


def test_results_name_the_object_and_have_the_fingerprint_of_the_baseline(findings: Any) -> None:
    results = render_sarif(findings, RULES, "1.2.3")["runs"][0]["results"]
    assert [part["partialFingerprints"][FINGERPRINT] for part in results] == [
        part.fingerprint for part in findings
    ]
    assert results[0]["locations"][0]["logicalLocations"] == [
        {"name": "ord", "fullyQualifiedName": "public.ord", "kind": "table"}
    ]
    last = results[-1]["locations"][0]["logicalLocations"][0]
    assert last == {"name": "made", "fullyQualifiedName": "public.ord.made", "kind": "column"}
    assert all("baselineState" not in part for part in results)


def test_a_baseline_gives_each_result_its_state(findings: Any) -> None:
    new = frozenset({findings[0].fingerprint})
    results = render_sarif(findings, RULES, "1.2.3", new=new)["runs"][0]["results"]
    assert [part["baselineState"] for part in results] == ["new"] + ["unchanged"] * (len(findings) - 1)


def test_places_and_addresses_come_from_the_caller(findings: Any) -> None:
    place = {"artifactLocation": {"uri": "moat.yaml"}, "region": {"startLine": 3}}
    log = render_sarif(findings, RULES, "1.2.3", locate=lambda _: place, docs="https://example.org/lint.md")
    assert all(part["locations"][0]["physicalLocation"] == place for part in log["runs"][0]["results"])
    addresses = {rule["id"]: rule["helpUri"] for rule in log["runs"][0]["tool"]["driver"]["rules"]}
    assert addresses["PL020"] == "https://example.org/lint.md#pl020-unexplained-codes"
    bare = render_sarif(findings, RULES, "1.2.3")
    assert all("helpUri" not in rule for rule in bare["runs"][0]["tool"]["driver"]["rules"])
