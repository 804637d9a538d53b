"""
YAML text as a tree of nodes, each with its place.

In: the text of a policy file. Out: the root node, or what is wrong with the YAML. I/O: none.
"""

from __future__ import annotations

import warnings
from typing import Any, Protocol, cast

from ruamel.yaml.error import MarkedYAMLError, ReusedAnchorWarning
from ruamel.yaml.reader import ReaderError

from pgmoat.model.finding import Finding, Place, PlacedFinding, Severity
from pgmoat.policy.scanner import make_reader

MAX_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 32

_HINTS = (
    ("'\\t'", "indent with spaces, not with tabs"),
    ("mapping values are not allowed", "check the indentation; put text that contains ': ' in quotes"),
    ("cannot start any token", "put text that begins with this character in quotes"),
    ("undefined alias", "put text that begins with * in quotes"),
    ("another document", "one file holds one policy: remove the line ---"),
)


class Mark(Protocol):
    """A place as ruamel counts it, from 0."""

    line: int
    column: int


class Node(Protocol):
    """What is used of ruamel's nodes, whose own attributes have no types."""

    id: str
    tag: str
    value: Any
    style: str | None
    start_mark: Mark


class _MarkedError(Protocol):
    problem: str | None
    context: str | None
    problem_mark: Mark | None
    context_mark: Mark | None


class _ReaderError(Protocol):
    position: int


def load_nodes(text: str, file: str) -> Node | PlacedFinding:
    """Return the root node of *text*, or the first thing that is not YAML, with its place."""
    start = Place(file, 1, 1)
    if len(text.encode(errors="surrogatepass")) > MAX_BYTES:
        return yaml_finding(start, "too-large", f"the file is larger than {MAX_BYTES // 1024**2} MiB")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ReusedAnchorWarning)  # legal: the later one counts
            composed = make_reader().compose(text)  # pyright: ignore[reportUnknownMemberType]  ruamel's streams have no types
    except RecursionError:
        return yaml_finding(start, "too-deep", f"nested more than {MAX_DEPTH} levels deep")
    except ReaderError as error:
        return _bad_character(cast(_ReaderError, error).position, text, file)
    except MarkedYAMLError as error:
        return _bad_syntax(cast(_MarkedError, error), file)
    if composed is None:
        return yaml_finding(start, "empty", "the file is empty", hint="begin with: version: 1")
    return cast(Node, composed)


def place_of_mark(mark: Mark, file: str) -> Place:
    """Return the place of *mark*, counted from 1."""
    return Place(file, mark.line + 1, mark.column + 1)


def yaml_finding(place: Place, code: str, message: str, hint: str = "") -> PlacedFinding:
    """Return a finding about the file as a whole."""
    return PlacedFinding(place, Finding(Severity.ERROR, f"yaml-{code}", (), message, hint))


def _bad_character(offset: int, text: str, file: str) -> PlacedFinding:
    before = text[:offset]
    place = Place(file, before.count("\n") + 1, offset - before.rfind("\n"))
    message = f"the character U+{ord(text[offset]):04X} may not stand in YAML"
    return yaml_finding(place, "syntax", message)


def _bad_syntax(error: _MarkedError, file: str) -> PlacedFinding:
    mark = error.problem_mark or error.context_mark
    place = place_of_mark(mark, file) if mark else Place(file, 1, 1)
    problem = error.problem or error.context or "unreadable"
    hint = next((text for part, text in _HINTS if part in problem), "")
    return yaml_finding(place, "syntax", f"not valid YAML: {problem}", hint)
