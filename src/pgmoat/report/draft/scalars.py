"""
YAML as a person would write it: few quotes, short lines.

In: text, plain data. Out: YAML text that reads back as the same. I/O: none.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence

Value = str | int | bool | Sequence["Value"] | Mapping[str, "Value"]
"""What a draft writes into a policy."""

WIDTH = 100

# A letter first, and nothing that means something to YAML, in a flow collection or out of it.
_PLAIN = re.compile(r"[A-Za-z_](?:[\w ./()%;=<>+*$'-]*[\w./()%;=<>+*$'-])?")
_PLAIN_IN_BLOCK = re.compile(r"[A-Za-z_](?:[\w ,./()%;=<>+*$'?!\[\]{}-]|:(?=\S)|(?<=\S)#)*")
_QUANTITY = re.compile(r"[1-9][0-9]*(?:ms|s|m|h|d|kB|MB|GB)")
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}")
_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})


def quote(text: str, *, in_flow: bool = True) -> str:
    """Return *text* as a YAML scalar; in quotes where it could be taken for something else."""
    if _QUANTITY.fullmatch(text):
        return text
    pattern = _PLAIN if in_flow else _PLAIN_IN_BLOCK
    if pattern.fullmatch(text) and not text.endswith((" ", ":")) and text.lower() not in _WORDS:
        return text
    return '"' + "".join(map(_escape, text)) + '"'


def quote_key(text: str) -> str:
    """Return *text* as a key: a code that is a whole number needs no quotes."""
    return text if _INTEGER.fullmatch(text) else quote(text)


def flow(value: Value) -> str:
    """Return *value* on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{quote_key(key)}: {flow(part)}" for key, part in value.items()) + "}"
    return "[" + ", ".join(map(flow, value)) + "]"


def block_text(key: str, text: str, width: int) -> list[str]:
    """Return the lines of ``key: text``; text that is longer than *width* is folded."""
    line = f"{key}: {quote(text, in_flow=False)}"
    if len(line) <= width:
        return [line]
    wrapped = textwrap.wrap(text, max(width - 2, 20), break_long_words=False, break_on_hyphens=False)
    return [f"{key}: >-", *(f"  {part}" for part in wrapped)]


def comment(text: str, width: int) -> list[str]:
    """Return *text* as lines of a comment."""
    # break_long_words: a line that no editor shows whole helps nobody; the rest is still a comment.
    return [f"# {part}" for part in textwrap.wrap(clean(text), max(width - 2, 20), break_on_hyphens=False)]


def clean(text: str) -> str:
    """Return *text* on one line, without what a terminal or YAML would obey."""
    return "".join(character if character.isprintable() else " " for character in " ".join(text.split()))


def indent(lines: Sequence[str], by: int) -> list[str]:
    """Return *lines* further to the right."""
    return [f"{' ' * by}{line}" if line else "" for line in lines]


def _escape(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character.isprintable() and character != "\ufeff":
        return character
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02X}"
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"
