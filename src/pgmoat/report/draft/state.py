"""
What a policy file holds now, as far as a second draft has to know.

In: the text of a policy. Out: FileState. I/O: none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pgmoat.policy.load import LoadedPolicy


@dataclass(frozen=True, slots=True)
class FileState:
    """Entities, agents and acceptances of a file, and the names that its comments mention."""

    tables: Mapping[str, str]  # schema.table to the (first) entity on it
    columns: Mapping[str, Mapping[str, str]]  # by entity: base column to entity name
    commented: Mapping[str, frozenset[str]]  # by entity: keys that are commented out
    mentioned: frozenset[str]  # schema.table in comments anywhere
    entities: tuple[str, ...]
    reader_entities: frozenset[str] | None  # of the agent reader; None without one
    agents: frozenset[str]
    accept: frozenset[str]
    taken: frozenset[str]  # names that no new entity may have

    @property
    def is_blank(self) -> bool:
        """Whether there is nothing that init could have proposed."""
        return not self.entities and not self.agents


_COMMENTED_KEY = re.compile(
    r"""\s*#\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^\s:#][^:#]*?)):(?:\s|$)"""
)
_QUALIFIED = re.compile(r"[^\s.:,`\"'()]+\.[^\s.:,`\"'()]+")


def read_state(loaded: LoadedPolicy, text: str, reader: str) -> FileState:
    """Return the state of the file with *text*; *reader* is the agent that reads every entity."""
    policy = loaded.policy
    tables: dict[str, str] = {}
    for name, entity in policy.entities.items():
        tables.setdefault(entity.table, name)
    agent = policy.agents.get(reader)
    comments = [line[line.index("#") :] for line in text.splitlines() if "#" in line]
    return FileState(
        tables=tables,
        columns={name: entity.entity_columns for name, entity in policy.entities.items()},
        commented=_read_commented(loaded, text),
        mentioned=frozenset(word for line in comments for word in _QUALIFIED.findall(line)),
        entities=tuple(policy.entities),
        reader_entities=None if agent is None else frozenset(agent.entities),
        agents=frozenset(policy.agents),
        accept=frozenset(entry.object for entry in policy.accept),
        taken=frozenset({*policy.entities, *policy.logs, *policy.operations}),
    )


def _read_commented(loaded: LoadedPolicy, text: str) -> dict[str, frozenset[str]]:
    """Return what stands behind a # as a key, from each entity's first line to the next one's."""
    lines = text.splitlines()
    starts = sorted(
        (loaded.places["entities", name].line, name)
        for name in loaded.policy.entities
        if ("entities", name) in loaded.places
    )
    ends = [*(line for line, _ in starts[1:]), len(lines) + 1][: len(starts)]
    return {
        name: frozenset(
            match["quoted"] or match["plain"]
            for line in lines[start - 1 : end - 1]
            if (match := _COMMENTED_KEY.match(line))
        )
        for (start, name), end in zip(starts, ends, strict=True)
    }
