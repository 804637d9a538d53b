"""
Fill a policy's docs, names and meanings of codes from a model's answer.

In: the text of a policy, a checked Answer. Out: Filled. I/O: none.

Only what is empty or TODO is filled; a person's words, comments and layout stay. What came out is read
again: it must be the policy that it was, and the answer's texts, nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, cast

from pgmoat.errors import PolicyError
from pgmoat.model.finding import Place
from pgmoat.policy.load import LoadedPolicy, load_policy_text
from pgmoat.policy.positions import load_document
from pgmoat.policy.schema import ColumnPolicy, EntityPolicy
from pgmoat.report.draft.answer import Answer, ColumnAnswer, is_open, refuse_answer
from pgmoat.report.draft.insert import Insertion, insert_all
from pgmoat.report.draft.json_places import Trouble
from pgmoat.report.draft.scalars import WIDTH, block_text, flow
from pgmoat.report.draft.splice import expand_columns, replace_scalars

Path = tuple[str, ...]

_PROSE = frozenset({"doc", "why", "message", "table", "version"})


@dataclass(frozen=True, slots=True)
class Kept:
    """What the answer says and the policy does not take, and why."""

    path: Path
    why: str

    @property
    def name(self) -> str:
        """The path as a person reads it."""
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class Filled:
    """The new text, what was filled, and what stayed as it was."""

    text: str
    filled: tuple[Path, ...] = ()
    kept: tuple[Kept, ...] = ()


@dataclass(frozen=True, slots=True)
class _Fill:
    """One text of the answer that has a place; *is_there*: an empty or TODO text stands there."""

    path: Path
    text: str
    is_there: bool


def merge_answer(policy_text: str, answer: Answer, file: str = "moat.yaml") -> Filled:
    """
    Return *policy_text* with what *answer* fills.

    Raises:
        PolicyError: the policy has problems of its own.
        AnswerRefusedError: the policy would have problems with the answer.
    """
    loaded = load_policy_text(policy_text, file)
    decided = list(_decide(loaded, policy_text, answer))
    fills = [part for part in decided if isinstance(part, _Fill)]
    kept = [part for part in decided if isinstance(part, Kept)]
    text, left = _write(policy_text, fills, file)
    kept += (Kept(path, "it could not be written there: write it by hand") for path in left)
    done = [fill for fill in fills if fill.path not in left]
    _check(policy_text, text, done, answer, file)
    return Filled(text, tuple(fill.path for fill in done), tuple(kept))


def _decide(loaded: LoadedPolicy, text: str, answer: Answer) -> Iterator[_Fill | Kept]:
    data = load_document(text, loaded.file).data
    for name, said in answer.entities.items():
        entity = loaded.policy.entities.get(name)
        if entity is None:
            yield Kept(("entities", name), "the policy has no such entity any more")
            continue
        path = ("entities", name)
        yield from _decide_text((*path, "doc"), entity.doc, said.doc, data)
        for base, column in said.columns.items():
            if base in entity.columns:
                here = (*path, "columns", base)
                yield from _decide_column(here, entity, column, data)


def _decide_column(path: Path, entity: EntityPolicy, said: ColumnAnswer, data: Any) -> Iterator[_Fill | Kept]:
    column: ColumnPolicy = entity.column(path[-1])
    if said.name and said.name != entity.entity_name(path[-1]):
        yield _decide_name(path, entity, said.name, data)
    yield from _decide_text((*path, "doc"), column.doc, said.doc, data)
    for code, word in said.values.items():
        if code in column.values:
            yield from _decide_text((*path, "values", code), column.values[code], word, data)


def _decide_name(path: Path, entity: EntityPolicy, name: str, data: Any) -> _Fill | Kept:
    here = (*path, "name")
    present = entity.column(path[-1]).name
    if present is not None:
        return Kept(here, f"it has the name {present}")
    used = _find_use(path[-1], path[1], data)
    if used is not None:
        return Kept(here, f"its present name is used at {used}: rename it there and here by hand")
    return _Fill(here, name, is_there=False)


def _decide_text(path: Path, present: str, said: str, data: Any) -> Iterator[_Fill | Kept]:
    if not said or said == present:
        return
    if is_open(present):
        yield _Fill(path, said, is_there=_has(data, path))
    else:
        yield Kept(path, "it is filled already")


def _has(data: Any, path: Path) -> bool:
    for key in path:
        if not isinstance(data, dict) or key not in data:
            return False
        data = cast("dict[str, Any]", data)[key]
    return True


def _find_use(name: str, entity: str, data: Any) -> str | None:
    """Return where the file names a column of *entity* outside of its own place; None where nowhere."""
    word = re.compile(rf"(?<![\w]){re.escape(name)}(?!\w)")
    for path, text in _list_texts(data, ()):
        if _may_name(path, entity) and word.search(text):
            return ".".join(path)
    return None


def _may_name(path: Path, entity: str) -> bool:
    """Whether the text at *path* may name a column of *entity* by the name that agents see."""
    if _PROSE.intersection(path[-1:]) or path[:1] in ((), ("version",), ("settings",), ("accept",)):
        return False
    if path[0] == "entities":
        is_own = path[1] == entity
        return path[2] in ("rows", "log") and (is_own or path[2] == "rows")
    if "entities" in path[1:]:
        return path[path.index("entities", 1) + 1] == entity
    return True


def _list_texts(data: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(data, dict):
        for key, value in cast("dict[str, Any]", data).items():
            yield from _list_texts(value, (*path, key))
    elif isinstance(data, list):
        for number, value in enumerate(cast("list[Any]", data)):
            yield from _list_texts(value, (*path, str(number)))
    elif isinstance(data, str):
        yield path, data


def _write(text: str, fills: Sequence[_Fill], file: str) -> tuple[str, frozenset[Path]]:
    """Return the text with *fills*, and the paths of those that found no place."""
    present = {fill.path: fill.text for fill in fills if fill.is_there}
    replaced, left = replace_scalars(text, present, file)
    missing: dict[Path, dict[str, str]] = {}
    for fill in fills:
        if not fill.is_there:
            missing.setdefault(fill.path[:-1], {})[fill.path[-1]] = fill.text
    expanded, done = expand_columns(replaced, missing, file)
    insertions = [
        _insertion(path, key, value)
        for path, texts in missing.items()
        if path not in done
        for key, value in texts.items()
    ]
    inserted = insert_all(expanded, insertions, file)
    unplaced = {(*part.path, part.key or "") for part in inserted.left}
    return inserted.text, frozenset({*left, *unplaced})


def _insertion(path: Path, key: str, value: str) -> Insertion:
    width = WIDTH - 2 * (len(path) + 1)
    lines = block_text(key, value, width) if key == "doc" else [f"{key}: {flow(value)}"]
    after = "table" if len(path) == 2 else None
    return Insertion(path, key, value, tuple(lines), after)


def _check(before: str, after: str, fills: Sequence[_Fill], answer: Answer, file: str) -> None:
    """Raise unless *after* is a sound policy that differs from *before* by *fills* alone."""
    wanted: Any = deepcopy(load_document(before, file).data)
    for fill in fills:
        place = wanted
        for key in fill.path[:-1]:
            if place[key] is None:
                place[key] = {}
            place = place[key]
        place[fill.path[-1]] = fill.text
    start = answer.places.get((), Place(answer.file, 1, 1))
    if load_document(after, file).data != wanted:
        message = "the policy would say something else besides: merge it by hand"
        raise refuse_answer([Trouble(start, (), message)], answer.file)
    try:
        load_policy_text(after, file)
    except PolicyError as error:
        troubles = [
            Trouble(start, (), f"with it the policy has a problem: {line}") for line in error.findings
        ]
        raise refuse_answer(troubles, answer.file) from error
