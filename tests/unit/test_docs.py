"""
The reference names everything that the code has, and no link is broken.

A verb or option, a policy key, an error code, a finding code, a SQLSTATE, a function, table or view of schema
pgmoat without an entry in docs/reference fails here; so does an entry for something that is gone.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import pytest
from pydantic_core import PydanticUndefined
from typer.main import get_command

from pgmoat import errors
from pgmoat.cli.main import build_app
from pgmoat.dashboard.exposition import METRICS
from pgmoat.policy import schema
from pgmoat.policy.units import render_bytes, render_milliseconds

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "pgmoat"
REFERENCE = ROOT / "docs" / "reference"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

# How a finding gets its code: the called name, the argument that holds the code, what is put before it.
FINDING_MAKERS = {
    "Finding": (1, ""),
    ".finding": (1, ""),
    ".error": (0, ""),
    ".warning": (0, ""),
    ".note": (0, ""),
    "error": (0, "policy-"),
    "_error": (0, "policy-"),
    "yaml_finding": (1, "yaml-"),
    ".report": (2, "yaml-"),
}
# The makers themselves pass their code on.
PASSED_ON = {"code", "f'policy-{code}'", "f'yaml-{code}'"}


def read_sections(page: str) -> dict[str, str]:
    """Return the text below each heading of the second and third level, by heading."""
    parts = re.split(r"^#{2,3} (.+)$", (REFERENCE / page).read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def read_table(text: str) -> dict[str, list[str]]:
    """Return the rows of all tables in *text*: words in backquotes of the first cell, to the other cells."""
    rows: dict[str, list[str]] = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        names = re.findall(r"`([^`]+)`", cells[0]) if cells else []
        rows |= {name: cells[1:] for name in names}
    return rows


def read_page_table(page: str) -> dict[str, list[str]]:
    """Return the rows of all tables of a page."""
    return read_table((REFERENCE / page).read_text())


def list_verbs(group: Any, prefix: str = "") -> Iterator[tuple[str, set[str]]]:
    for name, command in cast("Mapping[str, Any]", group.commands).items():
        if hasattr(command, "commands"):
            yield from list_verbs(command, f"{prefix}{name} ")
        else:
            options = {opt for parameter in command.params for opt in parameter.opts if opt.startswith("-")}
            yield prefix + name, options


VERBS = dict(list_verbs(get_command(build_app())))


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_and_option_is_in_the_reference(verb: str) -> None:
    documented = set(read_table(read_sections("cli.md")[verb])) - {"--help"}
    assert documented == VERBS[verb]


def test_the_reference_has_no_verb_that_is_gone() -> None:
    others = {"Exit codes", "The database", "Who runs what"}
    assert set(read_sections("cli.md")) == set(VERBS) | others


SECTIONS: dict[str, type[schema.Model]] = {
    "Policy": schema.Policy,
    "Settings": schema.Settings,
    "Entity": schema.EntityPolicy,
    "Column": schema.ColumnPolicy,
    "Delete": schema.DeletePolicy,
    "Log": schema.LogPolicy,
    "Operation": schema.OperationPolicy,
    "Parameter": schema.ParameterPolicy,
    "Precondition": schema.PreconditionPolicy,
    "Approval of an operation": schema.OperationApproval,
    "Agent": schema.AgentPolicy,
    "Access": schema.EntityAccess,
    "Timeouts": schema.Timeouts,
    "Limits": schema.Limits,
    "Guard": schema.GuardPolicy,
    "Approval": schema.ApprovalPolicy,
    "Pool": schema.PoolPolicy,
    "Replica": schema.ReplicaPolicy,
    "Acceptance": schema.Acceptance,
}


def test_every_part_of_the_policy_has_a_section() -> None:
    models = {
        value
        for value in vars(schema).values()
        if inspect.isclass(value) and issubclass(value, schema.Model) and value is not schema.Model
    }
    assert models == set(SECTIONS.values())


@pytest.mark.parametrize("section", SECTIONS)
def test_every_policy_key_is_in_the_reference_with_its_default(section: str) -> None:
    model = SECTIONS[section]
    rows = read_table(read_sections("policy.md")[section])
    assert list(rows) == list(model.model_fields)
    for name, field in model.model_fields.items():
        shown = rows[name][1].strip("`")
        default = field.get_default(call_default_factory=True) if not field.is_required() else "required"
        wanted = _render_default(section, name, default)
        assert wanted is None or shown == wanted, f"{section}.{name}: {shown}"


def _render_default(section: str, name: str, default: object) -> str | None:
    """Return the default as the reference writes it, None where it says more than a value."""
    if section == "Timeouts" or name in {"task_duration", "expires", "timeout", "recycle", "max_wait"}:
        return render_milliseconds(cast("int", default))
    if name in ("bytes_per_task", "temp_files", "result_bytes"):
        return render_bytes(cast("int", default))
    if isinstance(default, bool):
        return str(default).lower()
    if default is None or default is PydanticUndefined or isinstance(default, schema.Model) or name == "key":
        return None
    if default == "":
        return None if name == "doc" else "empty"
    return str(default)


def list_error_codes() -> set[str]:
    return {
        value.code
        for value in vars(errors).values()
        if inspect.isclass(value) and issubclass(value, errors.Error)
    }


def list_finding_codes() -> set[str]:
    codes: set[str] = set()
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                codes |= set(_find_code(node, path))
    return codes


def _find_code(call: ast.Call, path: Path) -> Iterator[str]:
    function = call.func
    if isinstance(function, ast.Name):
        maker = FINDING_MAKERS.get(function.id)
    elif isinstance(function, ast.Attribute):
        maker = FINDING_MAKERS.get(f".{function.attr}")
    else:
        maker = None
    if maker is None:
        return
    position, prefix = maker
    if len(call.args) <= position:
        return
    argument = call.args[position]
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        yield prefix + argument.value
    else:
        assert ast.unparse(argument) in PASSED_ON, f"{path}: the code {ast.unparse(argument)} cannot be read"


def list_sqlstates() -> set[str]:
    texts = [path.read_text() for path in (SOURCE / "compiler" / "sql").rglob("*.sql")]
    return {code for text in texts for code in re.findall(r"ERRCODE = '([0-9A-Z]{5})'", text)}


def test_every_error_code_is_in_the_reference() -> None:
    sections = read_sections("errors.md")
    documented = read_table(sections["Errors of the command line"] + sections["Errors of the runtime"])
    assert {name for name in documented if not name[0].isupper()} == list_error_codes()
    raised = read_table(sections["Errors of the runtime"])
    for code, cells in raised.items():
        kind = getattr(errors, cells[0].strip("`"))
        assert (kind.code, issubclass(kind, errors.AgentError)) == (code, True)


def test_every_finding_code_is_in_the_reference() -> None:
    sections = read_sections("errors.md")
    documented = {
        code for title, text in sections.items() if title.startswith("About") for code in read_table(text)
    }
    found = list_finding_codes()
    assert len(found) > 60
    assert documented == found


def test_every_sqlstate_is_in_the_reference() -> None:
    raised = list_sqlstates()
    assert len(raised) > 15
    documented = set(read_table(read_sections("errors.md")["SQLSTATEs"]))
    assert raised <= documented
    assert {code for code in documented if code.startswith("PM")} == {c for c in raised if c.startswith("PM")}


def list_sql_objects() -> set[str]:
    """Return the tables and views that migrations make, and all functions, as pgmoat.name."""
    found: set[str] = set()
    for path in (SOURCE / "compiler" / "sql").rglob("*.sql"):
        text = path.read_text()
        found |= set(re.findall(r"^CREATE (?:TABLE|VIEW) (pgmoat\.\w+)", text, re.MULTILINE))
        found |= set(re.findall(r"^CREATE OR REPLACE FUNCTION (pgmoat\.\w+)", text, re.MULTILINE))
    return found


def test_every_table_view_and_function_is_in_the_reference() -> None:
    documented = {name.partition("(")[0] for name in read_page_table("sql.md") if name.startswith("pgmoat.")}
    assert documented == list_sql_objects()


def test_called_functions_are_in_the_reference_with_their_parameters() -> None:
    text = " ".join((REFERENCE / "sql.md").read_text().split())
    for name in (
        "enter",
        "open_task",
        "close_task",
        "freeze_task",
        "freeze_agent",
        "thaw_task",
        "thaw_agent",
        "prune_operations",
        "finish_write",
        "preview_changes",
    ):
        source = (SOURCE / "compiler" / "sql" / "functions" / f"{name}.sql").read_text()
        match = re.search(r"FUNCTION (pgmoat\.\w+\(.*?\))\s+RETURNS", source, re.DOTALL)
        assert match is not None
        assert f"`{' '.join(match[1].split())}`" in text


def test_every_metric_and_alert_is_on_its_page() -> None:
    page = (ROOT / "docs" / "how-to" / "monitor-with-prometheus.md").read_text()
    shown = {name: cells for name, cells in read_table(page).items() if name.startswith("pgmoat_")}
    assert list(shown) == [metric.name for metric in METRICS]
    for metric in METRICS:
        labels = ", ".join(f"`{label}`" for label in metric.labels) or "none"
        assert shown[metric.name] == [metric.kind, labels, metric.meaning]
    rules = (SOURCE / "dashboard" / "prometheus" / "pgmoat-alerts.yaml").read_text()
    alerts = re.findall(r"- alert: (\w+)", rules)
    assert len(alerts) > 10
    assert [name for name in read_table(page) if name.startswith("Pgmoat")] == alerts


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_relative_link_is_broken(page: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    broken: list[str] = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        if not file.exists() or (anchor and anchor not in _list_anchors(file)):
            broken.append(target)
    assert not broken


def _list_anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#{1,6} (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
