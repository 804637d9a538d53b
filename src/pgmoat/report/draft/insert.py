"""
Insert into the text of a policy; every other byte stays as it is.

In: text, insertions. Out: text. I/O: none.

Places come from the nodes of the YAML itself, so a person's layout, block or flow, is kept. Whether the
result says what it should is looked at afterwards: what cannot be inserted so is handed back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Protocol, cast

from pgmoat.model.finding import PlacedFinding
from pgmoat.policy.positions import Data, load_document
from pgmoat.policy.syntax import Node, load_nodes
from pgmoat.report.draft.scalars import Value, flow, indent, quote_key

_STEP = 2


class _Mark(Protocol):
    index: int
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Insertion:
    """A key with its value, or an item of a list, and how it is written in block style."""

    path: tuple[str, ...]  # of the mapping or list that it goes into
    key: str | None  # None: an item of a list
    value: Value
    lines: tuple[str, ...]  # without indentation; comments among them
    after: str | None = None  # the key that it should follow; the last one when None
    is_comment: bool = False  # the lines are a comment: nothing changes for who reads the YAML
    is_spaced: bool = False  # a blank line before it

    @property
    def name(self) -> str:
        """What it is, as a person reads it: ``entities.orders.columns.note``."""
        return ".".join((*self.path, self.key or "")).rstrip(".")


@dataclass(frozen=True, slots=True)
class Inserted:
    """The new text, and what could not be inserted where it belongs."""

    text: str
    left: tuple[Insertion, ...] = ()


def insert_all(text: str, insertions: Sequence[Insertion], file: str = "moat.yaml") -> Inserted:
    """
    Return *text* with *insertions*; all other bytes stay.

    Each is checked: read again, the file must say what it said before and the insertion, nothing else.
    """
    together = _insert_checked(text, insertions, file)
    if together is not None:
        return Inserted(together)
    left: list[Insertion] = []
    for insertion in insertions:
        changed = _insert_checked(text, [insertion], file)
        if changed is None:
            left.append(insertion)
        else:
            text = changed
    return Inserted(text, tuple(left))


def _insert_checked(text: str, insertions: Sequence[Insertion], file: str) -> str | None:
    """Return the new text; None when it does not say what it should."""
    before = load_document(text, file)
    if before.problems:
        return None
    # A section that is not there, or empty, gets its first entry, and that a place for the others.
    first, rest = _split_first(before.data, insertions)
    changed = _insert(text, first, file)
    changed = None if changed is None else _insert(changed, rest, file)
    if changed is None:
        return None
    after = load_document(changed, file)
    wanted = deepcopy(before.data)
    for insertion in insertions:
        if not insertion.is_comment:
            _put(wanted, insertion)
    return changed if not after.problems and after.data == wanted else None


def _split_first(data: Data, insertions: Sequence[Insertion]) -> tuple[list[Insertion], list[Insertion]]:
    first: dict[tuple[str, ...], Insertion] = {}
    rest: list[Insertion] = []
    for insertion in insertions:
        section: Any = data.get(insertion.path[0]) if isinstance(data, dict) else None
        if len(insertion.path) == 1 and not section and insertion.path not in first:
            first[insertion.path] = insertion
        else:
            rest.append(insertion)
    return list(first.values()), rest


def _put(data: Data, insertion: Insertion) -> None:
    """Change *data* as the insertion should."""
    *above, last = insertion.path or ("",)
    place: Any = data
    for key in above:
        place = place[key]
    if not insertion.path:
        cast("dict[str, Any]", data)[insertion.key or ""] = _plain(insertion.value)
        return
    if insertion.key is None:
        place[last] = [*(place.get(last) or []), _plain(insertion.value)]
        return
    place[last] = {**(place.get(last) or {}), insertion.key: _plain(insertion.value)}


def _plain(value: Value) -> Any:
    """Return *value* as the reader of YAML would: lists and mappings of its own kinds."""
    if isinstance(value, str | int):
        return value
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    return [_plain(part) for part in cast("Sequence[Value]", value)]


def _insert(text: str, insertions: Sequence[Insertion], file: str) -> str | None:
    root = load_nodes(text, file)
    if isinstance(root, PlacedFinding):
        return None
    edits: list[tuple[int, int, int, str]] = []
    editor = _Editor(text, root)
    for order, insertion in enumerate(insertions):
        edit = editor.edit(insertion)
        if edit is None:
            return None
        cut = editor.find_empty(insertion.path)
        if cut is not None:
            edits.append((cut, order, 2, ""))
        edits.append((edit[0], order, 0, edit[1]))
    pieces: list[str] = []
    position = 0
    for offset, _, cut, piece in sorted(edits):
        pieces += (text[position:offset], piece)
        position = offset + cut
    return "".join((*pieces, text[position:]))


@dataclass(frozen=True, slots=True)
class _Editor:
    """Finds the offset of an insertion, and the text that goes there."""

    text: str
    root: Node

    def edit(self, insertion: Insertion) -> tuple[int, str] | None:
        """Return offset and text; None where there is no place."""
        found = self._find(insertion.path)
        if found is None:
            return self._edit_missing(insertion)
        key, node = found
        if node.id == "scalar":
            return self._edit_empty(key, node, insertion)
        if key is not None and self.find_empty(insertion.path) is not None:
            return self._place_lines(self._line_end(_end(node).index), _mark(key).column + _STEP, insertion)
        wanted = "sequence" if insertion.key is None else "mapping"
        is_alias = key is not None and _mark(node).index < _end(key).index
        if node.id != wanted or is_alias:
            return None
        if self._is_flow(node):
            return None if insertion.is_comment else self._edit_flow(node, insertion)
        return self._edit_block(node, insertion)

    def find_empty(self, path: Sequence[str]) -> int | None:
        """Return the offset of the ``{}`` of an empty section in block style, which its entry replaces."""
        found = self._find(path) if len(path) == 1 else None
        if found is None or found[0] is None or self._is_flow(self.root):
            return None
        start = _mark(found[1]).index
        is_plain = _end(found[0]).index < start and self.text[start : start + 2] in ("{}", "[]")
        return start if is_plain and not self.text[start + 2 : self._line_end(start)].strip(" \r\n") else None

    def _find(self, path: Sequence[str]) -> tuple[Node | None, Node] | None:
        """Return the key and the value at *path*; None where there is none, or an alias on the way."""
        key: Node | None = None
        node = self.root
        for part in path:
            pair = next((pair for pair in _pairs(node) if str(pair[0].value) == part), None)
            if pair is None or (key is not None and _mark(node).index < _end(key).index):
                return None
            key, node = pair
        return key, node

    def _is_flow(self, node: Node) -> bool:
        return self.text[_mark(node).index : _mark(node).index + 1] in ("{", "[")

    def _edit_missing(self, insertion: Insertion) -> tuple[int, str] | None:
        """A section of the file that is not there yet comes last."""
        if len(insertion.path) != 1:
            return None
        lines = [f"{insertion.path[0]}:", *indent(self._lines_of(insertion), _STEP)]
        if insertion.is_comment:
            lines = [f"# {line}" for line in lines]
        whole = Insertion((), None, 0, tuple(lines), is_spaced=True)
        return None if self._is_flow(self.root) else self._edit_block(self.root, whole)

    def _edit_empty(self, key: Node | None, node: Node, insertion: Insertion) -> tuple[int, str] | None:
        """``entities:`` with nothing behind it."""
        if key is None or str(node.value) or _mark(node).index != _end(node).index or insertion.is_comment:
            return None
        return self._place_lines(self._line_end(_end(key).index), _mark(key).column + _STEP, insertion)

    def _edit_flow(self, node: Node, insertion: Insertion) -> tuple[int, str]:
        one = flow(insertion.value)
        piece = one if insertion.key is None else f"{quote_key(insertion.key)}: {one}"
        last = _last(node)
        if last is None:
            return _mark(node).index + 1, piece
        return self._end_of(last, self._key_of(node, last)), f", {piece}"

    def _edit_block(self, node: Node, insertion: Insertion) -> tuple[int, str] | None:
        start = _mark(node)
        keys = (_mark(key).column for key, _ in _pairs(node))
        column = start.column if self.text[start.index] == "?" else next(keys, start.column)
        if insertion.key is None and insertion.path:
            column = _mark(node).column
        chosen = _last(node)
        if insertion.after is not None:
            chosen = next((pair[1] for pair in _pairs(node) if str(pair[0].value) == insertion.after), chosen)
        if chosen is None:
            return None
        offset = self._line_end(self._end_of(chosen, self._key_of(node, chosen)))
        return self._place_lines(self._skip_comments(offset, column), column, insertion)

    def _key_of(self, node: Node, value: Node) -> Node | None:
        return next((pair[0] for pair in _pairs(node) if pair[1] is value), None)

    def _place_lines(self, offset: int, column: int, insertion: Insertion) -> tuple[int, str]:
        newline = "\r\n" if "\r\n" in self.text else "\n"
        lines = indent(self._lines_of(insertion), column)
        if insertion.is_spaced:
            lines = ["", *lines]
        if offset and self.text[offset - 1] not in "\r\n":
            return offset, newline + newline.join(lines)
        return offset, newline.join(lines) + newline

    def _lines_of(self, insertion: Insertion) -> list[str]:
        return list(insertion.lines)

    def _end_of(self, node: Node, key: Node | None = None) -> int:
        """Return the offset behind the last character that belongs to *node*."""
        if key is not None and _mark(node).index < _end(key).index:
            return self._line_end(_end(key).index) - 1  # an alias: its node stands elsewhere
        if node.id == "scalar" or self._is_flow(node):
            end = _end(node).index
            if end == _mark(node).index:  # nothing: ruamel may see it on a later line
                return _end(key).index if key is not None else len(self.text[:end].rstrip())
            if node.id == "scalar" and node.style in ("|", ">"):
                return len(self.text[:end].rstrip())
            return end
        last = _last(node)
        if last is None:
            return _end(node).index
        return self._end_of(last, self._key_of(node, last))

    def _line_end(self, offset: int) -> int:
        """Return the offset behind the line break that ends the line of *offset*."""
        found = self.text.find("\n", offset)
        return len(self.text) if found < 0 else found + 1

    def _skip_comments(self, offset: int, column: int) -> int:
        """Return the offset behind comments that follow at once and stand at *column* or further right."""
        start = offset
        while column and offset < len(self.text):
            end = self._line_end(offset)
            line = self.text[offset:end]
            bare = line.lstrip(" ")
            if len(line) - len(bare) < column or not bare.strip():
                break
            if not bare.startswith("#"):
                return start  # they speak of what stands below them
            offset = end
        return offset


def _pairs(node: Node) -> Iterator[tuple[Node, Node]]:
    if node.id == "mapping":
        yield from cast("list[tuple[Node, Node]]", node.value)


def _last(node: Node) -> Node | None:
    """Return the last value or item; None in an empty collection."""
    parts = cast("list[Any]", node.value)
    if not parts:
        return None
    return cast(Node, parts[-1][1] if node.id == "mapping" else parts[-1])


def _mark(node: Node) -> _Mark:
    return cast(_Mark, node.start_mark)


def _end(node: Node) -> _Mark:
    return cast(_Mark, cast(Any, node).end_mark)
