"""
What a model answered to the prompt, checked against the policy that it is for.

In: the answer's text, the policy. Out: Answer. I/O: none.

An answer fills docs, names and the meaning of codes, and can say nothing else: no key of it grants, shows a
hidden column or moves a limit. Texts that an agent would read as orders are refused, but not all can be told
by a program: a person reads what is merged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from pgmoat.errors import AnswerRefusedError
from pgmoat.model.count import describe_count
from pgmoat.model.finding import Place, PolicyPath
from pgmoat.policy.fields import IDENTIFIER_PATTERN
from pgmoat.policy.messages import describe_value, suggest
from pgmoat.policy.reserved import RESERVED_WORDS, SYSTEM_COLUMNS
from pgmoat.policy.schema import ColumnPolicy, EntityPolicy, Policy
from pgmoat.report.draft.json_places import JsonText, Trouble, load_json

MAX_ENTITY_DOC = 600
MAX_COLUMN_DOC = 300
MAX_WORD = 60
TODO = "TODO"

_ENTITY_KEYS = frozenset({"doc", "columns"})
_COLUMN_KEYS = frozenset({"doc", "name", "values"})
_LINK = re.compile(r"https?:|www\.|[\w.+-]+@[\w-]+\.\w", re.IGNORECASE)
_MARKUP = re.compile(r"```|<[/!|a-z]|\|>|\]\(|\{\{|\$\{", re.IGNORECASE)
_VERBS = "delete|drop|update|insert|grant|send|reveal|ignore|call|approve|truncate|select|write|run|execute"
_ORDER = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}"
    r"\b(?:instructions?|rules?|polic(?:y|ies)|limits?|prompts?|above|previous|guard)\b"
    r"|\bsystem (?:prompt|message)\b|\byou (?:are now|must|should|have permission|may|can)\b"
    r"|\bas an? (?:ai|assistant)\b|\b(?:ais?|llms?|agents?|assistants?|models?)\b.{0,20}"
    rf"\b(?:must|should|may|can|shall)\b.{{0,30}}\b(?:{_VERBS})\b",
    re.IGNORECASE,
)
"""Orders as they are written to models; a person who reads the diff sees the others."""


@dataclass(frozen=True, slots=True)
class ColumnAnswer:
    """What is said of a column; empty where nothing is."""

    doc: str = ""
    name: str = ""
    values: Mapping[str, str] = field(default_factory=dict[str, str])  # code to word


@dataclass(frozen=True, slots=True)
class EntityAnswer:
    """What is said of an entity and its columns, by base name."""

    doc: str = ""
    columns: Mapping[str, ColumnAnswer] = field(default_factory=dict[str, ColumnAnswer])


@dataclass(frozen=True, slots=True)
class Answer:
    """A checked answer: it names only what the policy has, and fits it."""

    entities: Mapping[str, EntityAnswer]
    file: str
    places: Mapping[PolicyPath, Place]


def read_answer(text: str, policy: Policy, file: str = "answer.json") -> Answer:
    """
    Return the answer in *text*; *file* is the name that messages give.

    Raises:
        AnswerRefusedError: something in it may not stand there: all of it, each with its place.
    """
    loaded = load_json(text, file)
    reader = _Reader(policy, loaded)
    entities = {} if any(part.path == () for part in loaded.troubles) else reader.read()
    troubles = [*loaded.troubles, *reader.troubles]
    if troubles:
        raise refuse_answer(troubles, file)
    return Answer(entities, file, loaded.places)


def refuse_answer(troubles: list[Trouble], file: str) -> AnswerRefusedError:
    """Return the error that names all of *troubles*, in the order of the file."""
    ordered = sorted(troubles, key=lambda part: (part.place.line, part.place.column, str(part.path)))
    lines = tuple(_describe(part) for part in ordered)
    return AnswerRefusedError(
        f"{file} has {describe_count(len(lines), 'problem')}",
        findings=lines,
        hint="nothing was changed; mend the answer, or ask the model again",
    )


def is_open(text: str) -> bool:
    """Whether a text of the policy is still to be filled."""
    return not text.strip() or text.strip().startswith(TODO)


def _describe(trouble: Trouble) -> str:
    path = " " + ".".join(map(str, trouble.path)) if trouble.path else ""
    hint = f" ({trouble.hint})" if trouble.hint else ""
    return f"{trouble.place}{path}: {trouble.message}{hint}"


@dataclass(slots=True)
class _Reader:
    """Reads an answer and collects what is wrong with it."""

    policy: Policy
    loaded: JsonText
    troubles: list[Trouble] = field(default_factory=list[Trouble])

    def refuse(self, path: PolicyPath, message: str, hint: str = "") -> None:
        places = self.loaded.places
        nearest = next(path[:length] for length in range(len(path), -1, -1) if path[:length] in places)
        self.troubles.append(Trouble(places[nearest], path, message, hint))

    def read(self) -> dict[str, EntityAnswer]:
        is_object = isinstance(self.loaded.data, dict)
        data = self._mapping(self.loaded.data, ())
        if not is_object:
            return {}
        for key in data:
            if key != "entities":
                self._refuse_key((key,), frozenset({"entities"}))
        entities = self._mapping(data.get("entities"), ("entities",))
        found: dict[str, EntityAnswer] = {}
        for name, part in entities.items():
            path = ("entities", name)
            entity = self.policy.entities.get(name)
            if entity is None:
                self.refuse(
                    path, f"the policy has no entity {_show(name)}", suggest(name, self.policy.entities)
                )
            else:
                found[name] = self._read_entity(part, entity, path)
        return found

    def _mapping(self, value: Any, path: PolicyPath) -> dict[str, Any]:
        if isinstance(value, dict):
            return cast("dict[str, Any]", value)
        self.refuse(path, f"expected an object, found {describe_value(value)}")
        return {}

    def _refuse_key(self, path: PolicyPath, known: frozenset[str]) -> None:
        message = f"an answer may not say {_show(str(path[-1]))}"
        self.refuse(path, message, f"it fills {', '.join(sorted(known))} here, and nothing else")

    def _read_entity(self, value: Any, entity: EntityPolicy, path: PolicyPath) -> EntityAnswer:
        data = self._mapping(value, path)
        for key in data.keys() - _ENTITY_KEYS:
            self._refuse_key((*path, key), _ENTITY_KEYS)
        doc = self._read_text(data, "doc", path, MAX_ENTITY_DOC)
        columns: dict[str, ColumnAnswer] = {}
        here = (*path, "columns")
        for base, part in self._mapping(data.get("columns") or {}, here).items():
            if base in entity.columns:
                columns[base] = self._read_column(part, entity.column(base), (*here, base))
                continue
            names = {name: own for own, name in entity.entity_columns.items()}
            hint = f"its base name is {names[base]}" if base in names else suggest(base, entity.columns)
            message = f"the entity shows no column {_show(base)}, and an answer cannot make it"
            self.refuse((*here, base), message, hint)
        self._check_names(entity, columns, here)
        return EntityAnswer(doc, columns)

    def _read_column(self, value: Any, column: ColumnPolicy, path: PolicyPath) -> ColumnAnswer:
        data = self._mapping(value, path)
        for key in data.keys() - _COLUMN_KEYS:
            self._refuse_key((*path, key), _COLUMN_KEYS)
        doc = self._read_text(data, "doc", path, MAX_COLUMN_DOC)
        name = self._read_name(data, path)
        here = (*path, "values")
        words: dict[str, str] = {}
        values = self._mapping(data.get("values") or {}, here)
        for code in values:
            if code not in column.values:
                message = f"the policy's map has no code {_show(code)}, and an answer cannot add one"
                self.refuse((*here, code), message, suggest(code, column.values))
                continue
            words[code] = self._read_text(values, code, here, MAX_WORD)
        self._check_words(column, words, here)
        return ColumnAnswer(doc, name, words)

    def _read_text(self, data: Mapping[str, Any], key: str, path: PolicyPath, longest: int) -> str:
        """Return a text, empty where there is none or it is refused."""
        value = data.get(key)
        here = (*path, key)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.refuse(here, f"expected text, found {describe_value(value)}")
            return ""
        text = " ".join(value.split())
        for problem in _find_problems(text, longest):
            self.refuse(here, problem)
            return ""
        return text

    def _read_name(self, data: Mapping[str, Any], path: PolicyPath) -> str:
        name = data.get("name")
        here = (*path, "name")
        if name is None:
            return ""
        if not isinstance(name, str) or len(name) > 63 or not re.fullmatch(IDENTIFIER_PATTERN, name):
            found = describe_value(name)
            self.refuse(here, f"expected lower-case letters, digits and underscores, found {found}")
            return ""
        if name in RESERVED_WORDS or name in SYSTEM_COLUMNS:
            self.refuse(here, f"{name} is a word that PostgreSQL keeps for itself", "choose another")
            return ""
        return name

    def _check_names(
        self, entity: EntityPolicy, columns: Mapping[str, ColumnAnswer], path: PolicyPath
    ) -> None:
        """No two columns of an entity may end up with one name."""
        wanted = {base: _name_after(entity, base, columns.get(base)) for base in entity.columns}
        seen: dict[str, str] = {}
        for base, name in sorted(
            wanted.items(), key=lambda pair: bool(_is_renamed(entity, pair[0], columns))
        ):
            if name in seen and _is_renamed(entity, base, columns):
                hint = "give each column a name of its own"
                self.refuse((*path, base, "name"), f"{name} is the name of {seen[name]} too", hint)
            seen.setdefault(name, base)

    def _check_words(self, column: ColumnPolicy, words: Mapping[str, str], path: PolicyPath) -> None:
        """No two codes may end up with one word."""
        after = {code: word for code, word in column.values.items() if not is_open(word)}
        for code, word in words.items():
            if code in after or not word:
                continue
            twin = next((other for other, known in after.items() if known == word), None)
            if twin is not None:
                self.refuse((*path, code), f"{_show(word)} is the word of code {twin} too")
            after[code] = word


def _is_renamed(entity: EntityPolicy, base: str, columns: Mapping[str, ColumnAnswer]) -> bool:
    answer = columns.get(base)
    return answer is not None and bool(answer.name) and entity.column(base).name is None


def _name_after(entity: EntityPolicy, base: str, answer: ColumnAnswer | None) -> str:
    """Return the name that a column has once the answer is merged: a person's name stays."""
    known = entity.column(base).name
    return known or (answer.name if answer is not None and answer.name else base)


def _find_problems(text: str, longest: int) -> Iterator[str]:
    """Yield why a text may not become a comment that agents read."""
    if len(text) > longest:
        yield f"longer than {longest} characters"
    if text.upper().startswith(TODO):
        yield "still a TODO"
    if not all(character.isprintable() for character in text):
        yield "has a character that cannot be seen"
    if _LINK.search(text):
        yield "has a link or an address"
    if _MARKUP.search(text):
        yield "has markup"
    if _ORDER.search(text):
        yield "reads like an order to an agent, not like a description of data"


def _show(text: str) -> str:
    return f"`{text}`" if len(text) <= 63 and text.isprintable() else "of that name"
