"""
YAML with the place of every key and list item.

In: the text of a policy file. Out: plain data, places, what is wrong with the YAML itself. I/O: none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, cast

from pgmoat.model.finding import Finding, Place, PlacedFinding, PolicyPath, Severity
from pgmoat.policy.syntax import MAX_DEPTH, Node, load_nodes, place_of_mark

Data: TypeAlias = "bool | int | float | str | list[Data] | dict[str, Data] | None"

MAX_ALIASED_NODES = 10_000

_STANDARD_TAG = "tag:yaml.org,2002:"
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {text: text.lower() == "true" for text in ("true", "True", "TRUE", "false", "False", "FALSE")}
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}|0o[0-7]{1,20}|0x[0-9a-fA-F]{1,15}")
_FLOAT = re.compile(r"(?=.*[.eE])[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,4})?")


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML file as data; ``problems`` is empty if the YAML is sound."""

    data: Data
    places: Mapping[PolicyPath, Place]
    problems: tuple[PlacedFinding, ...]


def load_document(text: str, file: str) -> Document:
    """
    Return the data of *text* by the rules of YAML 1.2: ``no``, ``on`` and dates are text.

    Every key becomes text, in the one way it can be written: ``1`` and ``true``, but not ``01`` or ``True``.
    Tags are refused, and so are files made to exhaust the reader: too large, too deep, too many aliases.
    """
    node = load_nodes(text, file)
    if isinstance(node, PlacedFinding):
        return Document(None, {(): node.place}, (node,))
    reader = _NodeReader(file)
    reader.places[()] = reader.place(node)
    data = reader.read(node, ())
    return Document(data, reader.places, tuple(reader.problems))


@dataclass(slots=True)
class _NodeReader:
    """Turns nodes into data, and notes places and problems on the way."""

    file: str
    places: dict[PolicyPath, Place] = field(default_factory=dict[PolicyPath, Place])
    problems: list[PlacedFinding] = field(default_factory=list[PlacedFinding])
    _seen: set[int] = field(default_factory=set[int])
    _open: set[int] = field(default_factory=set[int])
    _aliased_nodes: int = 0

    def place(self, node: Node) -> Place:
        return place_of_mark(node.start_mark, self.file)

    def report(self, node: Node, path: PolicyPath, code: str, message: str, hint: str = "") -> None:
        finding = Finding(Severity.ERROR, f"yaml-{code}", path, message, hint)
        self.problems.append(PlacedFinding(self.place(node), finding))

    def read(self, node: Node, path: PolicyPath) -> Data:
        if not self._may_enter(node, path):
            return None
        self._open.add(id(node))
        try:
            if node.id == "mapping":
                return self._read_mapping(node, path)
            if node.id == "sequence":
                return self._read_sequence(node, path)
            return self._read_scalar(node, path)
        finally:
            self._open.discard(id(node))

    def _may_enter(self, node: Node, path: PolicyPath) -> bool:
        if id(node) in self._seen:
            self._aliased_nodes += 1
        self._seen.add(id(node))
        if self._aliased_nodes > MAX_ALIASED_NODES:
            if self._aliased_nodes == MAX_ALIASED_NODES + 1:
                self.report(node, path, "too-many-aliases", "aliases repeat too much of the file")
            return False
        if id(node) in self._open:
            self.report(node, path, "recursive-alias", "an alias stands inside what it repeats")
            return False
        if len(path) > MAX_DEPTH:
            self.report(node, path, "too-deep", f"nested more than {MAX_DEPTH} levels deep")
            return False
        if not node.tag.startswith(_STANDARD_TAG):
            self.report(node, path, "tag", f"the tag {node.tag} is not known", "leave the tag out")
            return False
        return True

    def _read_mapping(self, node: Node, path: PolicyPath) -> Data:
        found: dict[str, Data] = {}
        for key_node, value_node in cast("list[tuple[Node, Node]]", node.value):
            key = self._read_key(key_node, path)
            if key is None:
                continue
            here = (*path, key)
            if key in found:
                first = self.places[here]
                self.report(
                    key_node, here, "duplicate-key", f"written twice; first at {first}", "keep one of the two"
                )
                continue
            self.places[here] = self.place(key_node)
            found[key] = self.read(value_node, here)
        return found

    def _read_sequence(self, node: Node, path: PolicyPath) -> Data:
        items: list[Data] = []
        for index, item in enumerate(cast("list[Node]", node.value)):
            self.places[(*path, index)] = self.place(item)
            items.append(self.read(item, (*path, index)))
        return items

    def _read_key(self, node: Node, path: PolicyPath) -> str | None:
        if node.id != "scalar":
            self.report(node, path, "key", "a key must be a single word or number")
            return None
        if node.tag == _STANDARD_TAG + "merge":
            self.report(node, path, "merge", "merge keys (<<) are not read", "repeat the keys")
            return None
        value, text = self._read_scalar(node, path), str(node.value)
        if value is None:
            self.report(node, path, "key", "a key is missing", "put the word null in quotes if you mean it")
            return None
        plain = text if isinstance(value, str | float) else str(value).lower()
        if plain != text:
            hint = f"write {plain} if you mean that value, '{text}' in quotes if you mean that text"
            self.report(node, (*path, text), "key", f"as a key, {text} can be read in two ways", hint)
        return text

    def _read_scalar(self, node: Node, path: PolicyPath) -> Data:
        text = str(node.value)
        if not _is_storable(text):
            self.report(node, path, "character", "contains a character that PostgreSQL cannot store")
            return None
        is_plain = node.style is None or node.style == ""
        if not is_plain or (node.tag == _STANDARD_TAG + "str"):
            return text
        return _plain_value(text)


def _plain_value(text: str) -> Data:
    """Return what a word without quotes stands for in YAML 1.2's core schema."""
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _INTEGER.fullmatch(text):
        return int(text, 0) if text[:2] in {"0o", "0x"} else int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _is_storable(text: str) -> bool:
    return "\x00" not in text and not any("\ud800" <= character <= "\udfff" for character in text)
