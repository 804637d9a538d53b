"""
``moat.yaml`` as a checked policy, or every problem at once.

In: a path or a text. Out: LoadedPolicy. I/O: reads the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from pgmoat.errors import PolicyError
from pgmoat.model.finding import Finding, Place, PlacedFinding, PolicyPath, Severity
from pgmoat.policy.messages import describe_value, explain_errors
from pgmoat.policy.positions import Data, load_document
from pgmoat.policy.rules.agents import check_agents
from pgmoat.policy.rules.approvals import check_approvals
from pgmoat.policy.rules.entities import check_entities
from pgmoat.policy.rules.logs import check_logs
from pgmoat.policy.rules.operations import check_operations
from pgmoat.policy.rules.rows import check_rows
from pgmoat.policy.rules.settings import check_settings
from pgmoat.policy.schema import Policy
from pgmoat.policy.syntax import MAX_BYTES, yaml_finding


@dataclass(frozen=True, slots=True)
class LoadedPolicy:
    """A policy without errors, where everything in it stands, and what was found besides errors."""

    policy: Policy
    file: str
    places: Mapping[PolicyPath, Place]
    findings: tuple[Finding, ...] = ()

    def place_of(self, path: PolicyPath) -> Place:
        """Return the place of *path*, or of the nearest thing above it that is written in the file."""
        return _place_of(path, self.places, self.file)

    def describe(self, finding: Finding) -> str:
        """Return one line: ``moat.yaml:12:7 entities.orders.columns.stat_cd: message (hint)``."""
        return _describe(PlacedFinding(self.place_of(finding.path), finding), self.places, self.file)


def load_policy(path: Path) -> LoadedPolicy:
    """
    Return the policy in the file at *path*.

    Raises:
        PolicyError: the file cannot be read, or has problems: all of them, each with its place.
    """
    file = str(path)
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise PolicyError(
            f"cannot read {file}: {reason}", hint="name the policy file; pgmoat init drafts one"
        ) from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if len(content) <= MAX_BYTES or error.start < MAX_BYTES - 4:
            before = content[: error.start]
            place = Place(file, before.count(b"\n") + 1, error.start - before.rfind(b"\n"))
            message = f"the byte 0x{content[error.start]:02X} is not UTF-8"
            found = yaml_finding(place, "encoding", message, "save the file as UTF-8")
            raise _policy_error([found], {}, file) from error
        text = content.decode("utf-8-sig", errors="replace")  # cut inside a character: too large anyway
    return load_policy_text(text, file)


def load_policy_text(text: str, file: str) -> LoadedPolicy:
    """
    Return the policy in *text*; *file* is the name that messages give.

    Raises:
        PolicyError: it has problems: all of them, each with its place.
    """
    document = load_document(text, file)
    places = document.places
    if any(problem.finding.path == () for problem in document.problems):
        raise _policy_error(document.problems, places, file)
    policy, findings = _check(document.data)
    unread = {
        problem.finding.path
        for problem in document.problems
        if problem.finding.code != "yaml-duplicate-key"  # of two, the first was read
    }
    placed = [
        PlacedFinding(_place_of(finding.path, places, file), finding)
        for finding in findings
        if finding.severity is Severity.ERROR and not _is_within(finding.path, unread)
    ]
    if policy is None or placed or document.problems:
        raise _policy_error([*document.problems, *placed], places, file)
    return LoadedPolicy(policy, file, places, tuple(findings))


def check_policy(
    policy: Policy,
    known_entities: frozenset[str] | None = None,
    operations: frozenset[str] | None = None,
) -> list[Finding]:
    """Return what is wrong between the parts of *policy*; the known names may be more than it holds."""
    known = frozenset(policy.entities) if known_entities is None else known_entities
    logs = frozenset(policy.logs)
    return [
        *check_settings(policy),
        *check_entities(policy, known),
        *check_logs(policy),
        *check_rows(policy, known),
        *check_agents(policy, known | logs),
        *check_operations(
            policy, known | logs, frozenset(policy.operations) if operations is None else operations
        ),
        *check_approvals(policy),
    ]


def _check(data: Data) -> tuple[Policy | None, list[Finding]]:
    """Return the policy, if its shape is right, and all findings, also on the sound parts of a broken one."""
    if not isinstance(data, dict):
        message = f"expected a mapping (key: value), found {describe_value(data)}"
        return None, [Finding(Severity.ERROR, "policy-wrong-type", (), message, "begin with: version: 1")]
    try:
        policy = Policy.model_validate(data)
    except ValidationError as error:
        findings = explain_errors(error, data)
        return None, findings + _check_sound_parts(data, {finding.path for finding in findings})
    return policy, check_policy(policy)


def _check_sound_parts(data: dict[str, Data], broken: set[PolicyPath]) -> list[Finding]:
    """Check the entities and rights that have no error of their own, so that all problems show at once."""
    settings, entities, agents = (data.get(section, {}) for section in ("settings", "entities", "agents"))
    operations = data.get("operations", {})
    if not (isinstance(settings, dict) and isinstance(entities, dict) and isinstance(agents, dict)):
        return []
    if not isinstance(operations, dict):
        operations = {}
    sound: dict[str, Data] = {
        "version": 1,
        "settings": _sound_items(settings, ("settings",), broken),
        "entities": _sound_items(entities, ("entities",), broken),
        "operations": _sound_items(operations, ("operations",), broken),
        "agents": {
            name: _sound_agent(agent, ("agents", name), broken)
            for name, agent in agents.items()
            if ("agents", name) not in broken
        },
    }
    return check_policy(Policy.model_validate(sound), frozenset(entities), frozenset(operations))


def _sound_agent(agent: Data, path: PolicyPath, broken: set[PolicyPath]) -> Data:
    """Return the agent, or as much of its rights as can be checked."""
    if not _holds_error(path, broken):
        return agent
    entities = agent.get("entities") if isinstance(agent, dict) else None
    if not isinstance(entities, dict):
        return {}
    return {"entities": _sound_items(entities, (*path, "entities"), broken)}


def _sound_items(items: dict[str, Data], path: PolicyPath, broken: set[PolicyPath]) -> dict[str, Data]:
    return {key: value for key, value in items.items() if not _holds_error((*path, key), broken)}


def _holds_error(path: PolicyPath, broken: set[PolicyPath]) -> bool:
    return any(wrong[: len(path)] == path for wrong in broken)


def _is_within(path: PolicyPath, unread: set[PolicyPath]) -> bool:
    """Whether *path* lies in a part that could not be read: what is missing there is no second problem."""
    return any(path[:length] in unread for length in range(len(path) + 1))


def _place_of(path: PolicyPath, places: Mapping[PolicyPath, Place], file: str) -> Place:
    for length in range(len(path), -1, -1):
        if path[:length] in places:
            return places[path[:length]]
    return Place(file, 1, 1)


def _describe(placed: PlacedFinding, places: Mapping[PolicyPath, Place], file: str) -> str:
    finding = placed.finding
    dotted = f" {finding.dotted_path}" if finding.path else ""
    also = f"; see {_place_of(finding.also, places, file)}" if finding.also is not None else ""
    hint = f" ({finding.hint})" if finding.hint else ""
    return f"{placed.place}{dotted}: {finding.message}{also}{hint}"


def _policy_error(
    found: Iterable[PlacedFinding], places: Mapping[PolicyPath, Place], file: str
) -> PolicyError:
    ordered = sorted(
        found, key=lambda placed: (placed.place.line, placed.place.column, placed.finding.dotted_path)
    )
    lines = tuple(_describe(placed, places, file) for placed in ordered)
    count = "1 problem" if len(lines) == 1 else f"{len(lines)} problems"
    return PolicyError(f"{file} has {count}", findings=lines)
