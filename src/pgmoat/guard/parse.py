"""
Turn SQL text into a tree that the rules read.

In: text. Out: Statement, or the Problem that keeps it from being read. I/O: none.

The only module that knows the parser (libpg_query, PostgreSQL's own grammar). Its C code recurses without a
limit where trees lean to the left, so that a text could end the process: texts that may nest deeply are
counted first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import Any, TypeAlias

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError, Message

from pgmoat.guard.problem import Problem
from pgmoat.guard.syntax import hint_at_syntax

# By name: mypy cannot read the stubs of postgast 0.2, and would stop at every program that imports pgmoat.
postgast: Any = import_module("postgast")
pb: Any = import_module("postgast.pg_query_pb2")

MAX_BYTES = 64 * 1024
_MAX_BRACKETS = 200  # nested; a subquery takes about 1 kB of stack for each
_MAX_MARKS = 2_000  # words and operators that could each nest one level: 0.4 kB of a stack of 1 MB
_FLAT = frozenset(
    {
        pb.ASCII_44,
        pb.ASCII_41,
        pb.ASCII_46,
        pb.ICONST,
        pb.FCONST,
        pb.SCONST,
        pb.BCONST,
        pb.XCONST,
        pb.USCONST,
        pb.PARAM,
        pb.IDENT,
        pb.UIDENT,
        pb.SQL_COMMENT,
        pb.C_COMMENT,
        pb.NULL_P,
        pb.DEFAULT,
        pb.TRUE_P,
        pb.FALSE_P,
    }
)
"""Tokens that begin no deeper level: comma, closing bracket, dot, constants, names."""

Value: TypeAlias = "str | int | float | bool | bytes | Node | list[Value] | None"


@dataclass(slots=True)
class Node:
    """
    A node of the parse tree, by PostgreSQL's name of it; nobody changes it.

    Plain names are texts, enums their names, and what is empty or false is not in *fields*.
    """

    kind: str
    fields: dict[str, Value]

    def text(self, name: str) -> str:
        """Return a field that is a text or enum; empty if there is none."""
        value = self.fields.get(name)
        return value if isinstance(value, str) else ""

    def flag(self, name: str) -> bool:
        """Return a field that is true or false."""
        return self.fields.get(name) is True

    def node(self, name: str) -> Node | None:
        """Return a field that is one node."""
        value = self.fields.get(name)
        return value if isinstance(value, Node) else None

    def nodes(self, name: str) -> tuple[Node, ...]:
        """Return the nodes of a list."""
        value = self.fields.get(name)
        return tuple(item for item in value if isinstance(item, Node)) if isinstance(value, list) else ()

    def names(self, name: str) -> tuple[str, ...]:
        """Return the texts of a list: a qualified name."""
        value = self.fields.get(name)
        return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()

    def children(self) -> Iterator[Node]:
        """Yield the nodes right below this one."""
        for value in self.fields.values():
            yield from _list_nodes(value)


@dataclass(slots=True)
class Statement:
    """A text that could be parsed: what stands between its semicolons, and its nodes by kind."""

    text: str
    roots: tuple[Node, ...]
    by_kind: dict[str, list[Node]] = field(repr=False)

    @property
    def root(self) -> Node:
        """The statement, where there is exactly one."""
        return self.roots[0]

    def all(self, *kinds: str) -> Iterator[Node]:
        """Yield the nodes of *kinds*, wherever they stand."""
        for kind in kinds:
            yield from self.by_kind.get(kind, ())

    def position(self, node: Node) -> int | None:
        """Return where *node* stands, in characters from 1; None where the parser does not say."""
        offset = node.fields.get("location", 0) if _has_location(node.kind) else None
        return _count_characters(self.text, offset) if isinstance(offset, int) and offset >= 0 else None


def parse_statement(text: str) -> Statement | Problem:
    """Return *text* as a tree; a problem where it is too long, too deep, or no SQL."""
    try:
        return _find_excess(text) or _convert(text, postgast.parse(text))
    except postgast.PgQueryError as error:
        # In characters, unlike the places of nodes, which are in bytes.
        return Problem("syntax", error.message, hint_at_syntax(text), error.cursorpos or None)
    except (DecodeError, RecursionError):
        return _TOO_DEEP
    except UnicodeError:
        return Problem("syntax", "the text cannot be written as UTF-8", "leave lone surrogates out", None)


_TOO_DEEP = Problem(
    "too_deep",
    "the statement is nested too deeply to be judged",
    "at most about 45 operators of one chain, joins or brackets in each other: use concat() for long ||,"
    " IN for long lists, WITH for subqueries",
    None,
)


def _find_excess(text: str) -> Problem | None:
    if len(text) > MAX_BYTES or len(text.encode()) > MAX_BYTES:
        hint = "give values as parameters, and split the statement"
        return Problem("too_long", f"the statement is longer than {MAX_BYTES // 1024} kB", hint, None)
    if "\0" in text:
        at = text.index("\0") + 1
        return Problem(
            "syntax", "the text has a NUL character", "PostgreSQL cannot store it: leave it out", at
        )
    if len(text) <= _MAX_MARKS and text.count("(") + text.count("[") <= _MAX_BRACKETS:
        return None
    return _TOO_DEEP if _is_deep(text) else None


def _is_deep(text: str) -> bool:
    marks = depth = 0
    for token in postgast.scan(text).tokens:
        kind = token.token
        if kind in _FLAT:
            depth -= kind == pb.ASCII_41
            continue
        opens = kind in (pb.ASCII_40, pb.ASCII_91)
        depth += opens - (kind == pb.ASCII_93)
        marks += not opens  # brackets have a limit of their own
        if depth > _MAX_BRACKETS or marks > _MAX_MARKS:
            return True
    return False


def _convert(text: str, tree: Any) -> Statement:
    by_kind: dict[str, list[Node]] = {}
    roots = tuple(
        node
        for node in (_convert_message(statement.stmt, by_kind) for statement in tree.stmts)
        if isinstance(node, Node)
    )
    return Statement(text, roots, by_kind)


def _convert_message(message: Message, by_kind: dict[str, list[Node]]) -> Value:
    if isinstance(message, pb.Node):  # one of all kinds; empty where PostgreSQL has a null
        chosen = message.WhichOneof("node")
        return _convert_message(getattr(message, chosen), by_kind) if chosen is not None else None
    if isinstance(message, pb.String):
        word: Any = message
        return str(word.sval)
    kind = _name_kind(type(message))
    fields: dict[str, Value] = {}
    for descriptor, value in message.ListFields():
        name, is_tree, is_list, words = _describe_field(descriptor)
        if is_tree:
            fields[name] = (
                [_convert_message(item, by_kind) for item in value]
                if is_list
                else _convert_message(value, by_kind)
            )
        else:
            fields[name] = value if words is None else words[value]
    node = Node(kind, fields)
    by_kind.setdefault(kind, []).append(node)
    return node


@cache
def _name_kind(message_type: type[Message]) -> str:
    return message_type.DESCRIPTOR.name


@cache
def _describe_field(descriptor: FieldDescriptor) -> tuple[str, bool, bool, dict[int, str] | None]:
    """Return a field's name, whether nodes stand in it, whether a list does, and the words of an enum."""
    enum = None if descriptor.is_repeated else descriptor.enum_type
    words = None if enum is None else {number: value.name for number, value in enum.values_by_number.items()}
    return descriptor.name, descriptor.message_type is not None, descriptor.is_repeated, words


@cache
def _has_location(kind: str) -> bool:
    descriptor = pb.DESCRIPTOR.message_types_by_name.get(kind)
    return descriptor is not None and "location" in descriptor.fields_by_name


def _list_nodes(value: Value) -> Iterator[Node]:
    if isinstance(value, Node):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _list_nodes(item)


def _count_characters(text: str, offset: int) -> int:
    """Return the character, from 1, that the byte at *offset* of the text in UTF-8 belongs to."""
    if text.isascii():
        return offset + 1
    return len(text.encode()[:offset].decode(errors="ignore")) + 1
