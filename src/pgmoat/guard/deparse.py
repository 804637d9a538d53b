"""
Turn a tree back into SQL.

In: a Node, as :mod:`pgmoat.guard.parse` makes it or one edited since. Out: text. I/O: none.

With parse.py the only module that knows the parser.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Error as MessageError

from pgmoat.guard.parse import Node, Value, pb, postgast


class RenderError(ValueError):
    """The tree is no statement that the parser could have read."""


def render_statement(node: Node) -> str:
    """
    Return a statement as SQL; bare constants, operators and names as libpg_query writes them.

    Raises:
        RenderError: it cannot be written.
    """
    tree = pb.ParseResult()
    try:
        tree.stmts.add().stmt.CopyFrom(_wrap(node))
        return str(postgast.deparse(tree))
    except (postgast.PgQueryError, MessageError, RecursionError) as error:  # a Message may nest 100 deep
        raise RenderError(str(error)) from error


def render_expression(node: Node) -> str:
    """
    Return an expression as SQL.

    Raises:
        RenderError: it cannot be written.
    """
    target = Node("ResTarget", {"val": node})
    fields: dict[str, Value] = {"target_list": [target], "limit_option": "LIMIT_OPTION_DEFAULT"}
    text = render_statement(Node("SelectStmt", {**fields, "op": "SETOP_NONE"}))
    return text.removeprefix("SELECT ")


def _wrap(value: Value) -> Any:
    """Return a value as the message that stands for any node; an empty one for None."""
    if value is None:
        return pb.Node()
    kind = value.kind if isinstance(value, Node) else "String"
    wrapper = pb.Node()
    getattr(wrapper, _name_choice(kind)).CopyFrom(_build(kind, value))
    return wrapper


def _build(kind: str, value: Value) -> Any:
    if kind == "String":
        return pb.String(sval=str(value))
    if not isinstance(value, Node):
        raise RenderError(f"no {kind}: {value!r}")
    message = getattr(pb, value.kind)()
    for name, part in value.fields.items():
        _set_field(message, message.DESCRIPTOR.fields_by_name[name], part)
    return message


def _set_field(message: Any, field: FieldDescriptor, value: Value) -> None:
    inner = field.message_type
    if inner is not None:
        if isinstance(value, list):
            getattr(message, field.name).extend([_make(inner.name, part) for part in value])
        elif value is not None:
            getattr(message, field.name).CopyFrom(_make(inner.name, value))
    elif field.enum_type is not None and isinstance(value, str):
        setattr(message, field.name, field.enum_type.values_by_name[value].number)
    else:
        setattr(message, field.name, value)


def _make(kind: str, value: Value) -> Any:
    return _wrap(value) if kind == "Node" else _build(kind, value)


@cache
def _name_choice(kind: str) -> str:
    for field in pb.Node.DESCRIPTOR.oneofs_by_name["node"].fields:
        if field.message_type.name == kind:
            return str(field.name)
    raise RenderError(f"no node is called {kind}")
