"""
JSON with the place of every key and item.

In: text. Out: plain data, and where each part stands. I/O: none.

Strict JSON has no tags, anchors or merge keys; what else could exhaust a reader, size and depth, is bounded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pgmoat.model.finding import Place, PolicyPath

MAX_CHARACTERS = 2_000_000
MAX_DEPTH = 8

_FENCE = re.compile(r"^[ \t]*```[\w-]*[ \t]*\n(?P<body>.*?)^[ \t]*```[ \t]*$", re.DOTALL | re.MULTILINE)
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with the text itself, and where."""

    place: Place
    path: PolicyPath
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class JsonText:
    """Data with places; *troubles* is empty when the text is sound."""

    data: Any
    places: Mapping[PolicyPath, Place]
    troubles: tuple[Trouble, ...] = ()


def load_json(text: str, file: str) -> JsonText:
    """Return the data of *text*; Markdown around it, as models write it, is left out."""
    start = Place(file, 1, 1)
    if len(text) > MAX_CHARACTERS:
        return _failed(Trouble(start, (), f"longer than {MAX_CHARACTERS:,} characters"))
    body, offset = _cut_fence(text)
    try:
        data = json.loads(body, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        place = _place(text, offset + error.pos, file)
        return _failed(Trouble(place, (), f"not valid JSON: {error.msg}", "ask the model for JSON alone"))
    except (RecursionError, ValueError) as error:
        return _failed(Trouble(start, (), f"not valid JSON: {error}"))
    scanner = _Scanner(text, file, offset)
    scanner.scan(body)
    return JsonText(data, scanner.places, tuple(scanner.troubles))


def _cut_fence(text: str) -> tuple[str, int]:
    """Return the only fenced block of *text*, or all of it, and where that begins."""
    blocks = list(_FENCE.finditer(text))
    if len(blocks) == 1 and not text.lstrip().startswith("{"):
        return blocks[0]["body"], blocks[0].start("body")
    return text.removeprefix("\ufeff"), len(text) - len(text.removeprefix("\ufeff"))


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no value of JSON")


def _failed(trouble: Trouble) -> JsonText:
    return JsonText(None, {(): trouble.place}, (trouble,))


def _place(text: str, offset: int, file: str) -> Place:
    before = text[:offset]
    return Place(file, before.count("\n") + 1, offset - before.rfind("\n"))


@dataclass(slots=True)
class _Level:
    """An object or a list that is open."""

    is_object: bool
    key: str | int
    expects_key: bool = False


@dataclass(slots=True)
class _Scanner:
    """Goes over tokens of sound JSON once; what json.loads dropped, a key written twice, shows here."""

    text: str
    file: str
    offset: int
    places: dict[PolicyPath, Place] = field(default_factory=dict[PolicyPath, Place])
    troubles: list[Trouble] = field(default_factory=list[Trouble])
    _levels: list[_Level] = field(default_factory=list[_Level])
    _lines: list[int] = field(default_factory=list[int])

    def scan(self, body: str) -> None:
        self._lines = [found.end() for found in re.finditer("\n", self.text)]
        self.places[()] = self._at(0)
        for found in self._tokens(body):
            self._take(found[0], found.start())

    def _tokens(self, body: str) -> Iterator[re.Match[str]]:
        return _TOKEN.finditer(body)

    def _at(self, start: int) -> Place:
        offset = self.offset + start
        low = _count_before(self._lines, offset)
        line_start = self._lines[low - 1] if low else 0
        return Place(self.file, low + 1, offset - line_start + 1)

    def _path(self) -> PolicyPath:
        return tuple(level.key for level in self._levels)

    def _take(self, token: str, start: int) -> None:
        level = self._levels[-1] if self._levels else None
        match token:
            case "{":
                self._open(_Level(True, "", expects_key=True), start)
            case "[":
                self._open(_Level(False, 0), start)
            case "}" | "]":
                self._levels.pop()
            case "," if level is not None:
                level.expects_key = level.is_object
                if isinstance(level.key, int):
                    level.key += 1
            case ":" | ",":
                pass
            case _ if level is not None and level.expects_key:
                self._take_key(level, token, start)
            case _:
                self._note_item(start)

    def _open(self, level: _Level, start: int) -> None:
        self._note_item(start)
        self._levels.append(level)
        if len(self._levels) == MAX_DEPTH + 1:
            message = f"nested more than {MAX_DEPTH} levels deep"
            self.troubles.append(Trouble(self._at(start), self._path()[:-1], message))

    def _take_key(self, level: _Level, token: str, start: int) -> None:
        level.key, level.expects_key = json.loads(token), False
        path = self._path()
        if path in self.places:
            message = f"written twice; first at {self.places[path]}"
            self.troubles.append(Trouble(self._at(start), path, message, "keep one of the two"))
            return
        self.places[path] = self._at(start)

    def _note_item(self, start: int) -> None:
        if self._levels and not self._levels[-1].is_object:
            self.places[self._path()] = self._at(start)


def _count_before(lines: list[int], offset: int) -> int:
    low, high = 0, len(lines)
    while low < high:
        middle = (low + high) // 2
        if lines[middle] <= offset:
            low = middle + 1
        else:
            high = middle
    return low
