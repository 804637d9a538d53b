"""
Replace texts in a YAML file, and open up columns that are written on one line.

In: text, new texts by path. Out: text. I/O: none. Every other byte stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol, cast

from pgmoat.model.finding import PlacedFinding
from pgmoat.policy.syntax import Node, load_nodes
from pgmoat.report.draft.scalars import WIDTH, block_text, flow, quote

Path = tuple[str, ...]


class _Mark(Protocol):
    index: int
    column: int


def replace_scalars(text: str, wanted: Mapping[Path, str], file: str) -> tuple[str, frozenset[Path]]:
    """Return *text* with the scalars at the paths of *wanted* replaced, and the paths that have none."""
    root = load_nodes(text, file)
    if isinstance(root, PlacedFinding):
        return text, frozenset(wanted)
    edits: list[tuple[int, int, str]] = []
    left: set[Path] = set()
    for path, value in wanted.items():
        found = _find(root, path)
        if found is None or found[1].id != "scalar" or found[1].style in ("|", ">"):
            left.add(path)
            continue
        edits.append((_start(found[1]).index, _end(found[1]).index, quote(value)))
    return _apply(text, edits), frozenset(left)


def expand_columns(
    text: str, missing: Mapping[Path, Mapping[str, str]], file: str
) -> tuple[str, frozenset[Path]]:
    """
    Return *text* where columns that would be too long on one line have a line for each key.

    Handled, and returned, are those of *missing* that are ``{…}`` on the line of their key, in block style;
    what they had, they keep in the words of the file.
    """
    root = load_nodes(text, file)
    if isinstance(root, PlacedFinding):
        return text, frozenset()
    edits: list[tuple[int, int, str]] = []
    done: set[Path] = set()
    for path, texts in missing.items():
        edit = _expand(text, root, path, texts)
        if edit is not None:
            edits += edit
            done.add(path)
    return _apply(text, edits), frozenset(done)


def _expand(text: str, root: Node, path: Path, texts: Mapping[str, str]) -> list[tuple[int, int, str]] | None:
    found, above = _find(root, path), _find(root, path[:-1])
    if len(path) < 4 or found is None or above is None or found[1].id != "mapping":
        return None
    key, node = found
    start, end = _start(node).index, _end(node).index
    line_end = text.find("\n", end)
    line_end = len(text) if line_end < 0 else line_end
    rest = text[end:line_end].strip()
    is_one_line = text[start : start + 1] == "{" and "\n" not in text[_start(key).index : end]
    is_in_block = text[_start(above[1]).index : _start(above[1]).index + 1] != "{"
    if not (is_one_line and is_in_block and (not rest or rest.startswith("#"))) or _end(key).index >= start:
        return None
    one = _start(key).column + end - _start(key).index + sum(len(flow({k: v})) for k, v in texts.items())
    if one + len(text[end:line_end]) <= WIDTH:
        return None
    column = _start(key).column + 2
    lines = [text[_start(name).index : _end(value).index] for name, value in _pairs(node)]
    for name, value in texts.items():
        lines += block_text(name, value, WIDTH - column)
    newline = "\r\n" if text[line_end - 1 : line_end] == "\r" else "\n"
    block = "".join(f"{newline}{' ' * column}{line}" for line in lines)
    place = line_end - (newline == "\r\n")
    if text[start - 1] == " " and not rest:
        start -= 1
    return [(start, end, ""), (place, place, block)]


def _apply(text: str, edits: Sequence[tuple[int, int, str]]) -> str:
    for start, end, piece in sorted(edits, reverse=True):
        text = text[:start] + piece + text[end:]
    return text


def _find(root: Node, path: Sequence[str]) -> tuple[Node, Node] | None:
    """Return the key and the value at *path*; None where there is none, or an alias on the way."""
    key, node = root, root
    for part in path:
        pair = next((pair for pair in _pairs(node) if str(pair[0].value) == part), None)
        if pair is None or _start(pair[1]).index < _end(pair[0]).index:
            return None
        key, node = pair
    return key, node


def _pairs(node: Node) -> Iterator[tuple[Node, Node]]:
    if node.id == "mapping":
        yield from cast("list[tuple[Node, Node]]", node.value)


def _start(node: Node) -> _Mark:
    return cast(_Mark, node.start_mark)


def _end(node: Node) -> _Mark:
    return cast(_Mark, cast(Any, node).end_mark)
