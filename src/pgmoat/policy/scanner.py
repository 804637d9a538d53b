"""
ruamel's pure reader, with what it does most often done at once.

In: YAML text. Out: the same nodes, places and errors as ruamel's. I/O: none.

ruamel looks at each character, and at each token, many times. Here a run of blanks, or a plain scalar on one
line, is one match of a pattern; anything else is left to ruamel. A policy over a thousand tables, a megabyte,
is read in half the time. A test holds the two together.
"""

# ruamel's classes have no types:
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportIncompatibleMethodOverride=false

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer
from ruamel.yaml.error import StreamMark
from ruamel.yaml.events import ScalarEvent
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.parser import Parser
from ruamel.yaml.reader import Reader
from ruamel.yaml.resolver import VersionedResolver, implicit_resolvers
from ruamel.yaml.scanner import Scanner
from ruamel.yaml.tokens import ScalarToken

# Each repeat is possessive: what does not match at once is left to ruamel, after one look at each character.
_BREAKS = r"\0\r\n\x85\u2028\u2029\ufeff"
# Whole lines of blanks and comments, and the blanks before the next token.
_BLANK_IN_BLOCK = re.compile(rf"(?: *+(?:#[^{_BREAKS}]*+)?\n)*+ *+(?![ #\r\x85\u2028\u2029\ufeff])")
_BLANK_IN_FLOW = re.compile(r"[ \t]*+(?![#\r\n\x85\u2028\u2029\ufeff])")
# Words and blanks, then what shows that the scalar ends here: a colon or a comment, or else a line break, the
# indentation of the next line and no blank line.
_PLAIN_IN_BLOCK = re.compile(
    rf"([^ \t:#?{_BREAKS}]++(?: ++[^ \t:#?{_BREAKS}]++)*+) *+"
    rf"(?:(?=:[ \n]|(?<= )#)|\n( *+)(?=[^#\t{_BREAKS}]))"
)
_PLAIN_IN_FLOW = re.compile(
    rf"([^ \t:#?,\[\]{{}}{_BREAKS}]++(?: ++[^ \t:#?,\[\]{{}}{_BREAKS}]++)*+) *+(?=[,\]}}]|: )"
)
_RESOLVED = frozenset(character for rule in implicit_resolvers for character in rule[3])


class _Mark(StreamMark):
    __slots__ = ()
    name = ""

    def __init__(self, index: int, line: int, column: int) -> None:
        self.index = index
        self.line = line
        self.column = column


class _Reader(Reader):
    def forward(self, length: int = 1) -> None:
        start = self.pointer
        text = self.buffer[start : start + length]
        if text.isascii() and "\n" not in text and "\r" not in text:
            self.pointer += length
            self.index += length
            self.column += length
        else:
            super().forward(length)

    def get_mark(self) -> StreamMark:
        return _Mark(self.index, self.line, self.column)

    def skip(self, end: int, line_start: int, lines: int) -> None:
        """Go on to offset *end*, which is *lines* further down, in a line that begins at *line_start*."""
        self.index += end - self.pointer
        self.column = end - line_start if lines else self.column + end - self.pointer
        self.line += lines
        self.pointer = end


class _Scanner(Scanner):
    @cached_property
    def reader(self) -> _Reader:
        return self.loader.reader

    def reset_scanner(self) -> None:
        self._settled_at = -1
        super().reset_scanner()

    def settle(self) -> None:
        """Fetch tokens until the next one is sure: nothing changes that until it is taken."""
        if self._settled_at != self.tokens_taken:
            while self.need_more_tokens():
                self.fetch_more_tokens()
            self._settled_at = self.tokens_taken

    def check_token(self, *choices: type) -> bool:
        if self._settled_at != self.tokens_taken:
            self.settle()
        return bool(self.tokens) and (not choices or isinstance(self.tokens[0], choices))

    def peek_token(self) -> Any:
        self.settle()
        return self.tokens[0] if self.tokens else None

    def get_token(self) -> Any:
        self.settle()
        if not self.tokens:
            return None
        self.tokens_taken += 1
        return self.tokens.pop(0)

    def fetch_more_tokens(self) -> None:
        self.scan_to_next_token()
        self.stale_possible_simple_keys()
        self.unwind_indent(self.reader.column)
        character = self.reader.peek()
        if character.isalnum() or character == "_":
            self.fetch_plain()
        elif character in _FLOW:
            _FLOW[character](self)
        elif character == ":" and self.reader.peek(1) in " \n":
            self.fetch_value()
        else:
            super().fetch_more_tokens()

    def unwind_indent(self, column: int) -> None:
        if self.indent > column and not self.flow_context:
            super().unwind_indent(column)

    def stale_possible_simple_keys(self) -> None:
        line, oldest = self.reader.line, self.reader.index - 1024
        for key in self.possible_simple_keys.values():
            if key.line != line or key.index < oldest:
                super().stale_possible_simple_keys()
                return

    def scan_to_next_token(self) -> None:
        reader = self.reader
        pattern = _BLANK_IN_FLOW if self.flow_context else _BLANK_IN_BLOCK
        match = pattern.match(reader.buffer, reader.pointer)
        if match is None:
            super().scan_to_next_token()
            return
        end = match.end()
        lines = reader.buffer.count("\n", reader.pointer, end)
        reader.skip(end, reader.buffer.rfind("\n", 0, end) + 1 if lines else 0, lines)
        if lines:
            self.allow_simple_key = True

    def scan_plain(self) -> ScalarToken:
        reader = self.reader
        pattern = _PLAIN_IN_FLOW if self.flow_context else _PLAIN_IN_BLOCK
        match = pattern.match(reader.buffer, reader.pointer)
        if match is None:
            return super().scan_plain()
        next_indent = None if self.flow_context else match.group(2)
        if next_indent is not None and len(next_indent) > self.indent:
            return super().scan_plain()  # the next line belongs to it
        start = reader.get_mark()
        reader.skip(match.end(1), 0, 0)
        stop = reader.get_mark()
        self.allow_simple_key = next_indent is not None
        if next_indent is None:
            reader.skip(match.end(), 0, 0)
        else:
            reader.skip(match.end(), match.start(2), 1)
        return ScalarToken(match.group(1), True, start, stop)


_FLOW: dict[str, Callable[[Scanner], None]] = {
    "[": Scanner.fetch_flow_sequence_start,
    "{": Scanner.fetch_flow_mapping_start,
    "]": Scanner.fetch_flow_sequence_end,
    "}": Scanner.fetch_flow_mapping_end,
    ",": Scanner.fetch_flow_entry,
}


class _Parser(Parser):
    @cached_property
    def scanner(self) -> _Scanner:
        return self.loader.scanner

    def check_event(self, *choices: type) -> bool:
        if self.current_event is None and self.state:
            self.current_event = self.state()
        return self.current_event is not None and (not choices or isinstance(self.current_event, choices))

    def parse_node(self, block: bool = False, indentless_sequence: bool = False) -> Any:
        token = self.scanner.peek_token()
        if type(token) is not ScalarToken:
            return super().parse_node(block, indentless_sequence)
        self.scanner.get_token()
        self.state = self.states.pop()
        implicit = (token.plain, not token.plain)
        return ScalarEvent(None, None, implicit, token.value, token.start_mark, token.end_mark, token.style)


class _Composer(Composer):
    @cached_property
    def parser(self) -> _Parser:
        return self.loader.parser

    @cached_property
    def resolver(self) -> VersionedResolver:
        return self.loader.resolver

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.parser.peek_event()
        if type(event) is not ScalarEvent or event.anchor is not None or event.ctag is not None:
            return super().compose_node(parent, index)
        self.parser.get_event()
        tag = self.resolver.resolve(ScalarNode, event.value, event.implicit)
        return ScalarNode(tag, event.value, event.start_mark, event.end_mark, style=event.style)


class _Resolver(VersionedResolver):
    def resolve(self, kind: type, value: str | None, implicit: Any) -> Any:
        if kind is ScalarNode and value and value[0] not in _RESOLVED:
            return self.DEFAULT_SCALAR_TAG
        return super().resolve(kind, value, implicit)


def make_reader() -> YAML:
    """Return ruamel's safe reader of YAML 1.2, made faster; it reads one text."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Reader, yaml.Scanner, yaml.Parser = _Reader, _Scanner, _Parser
    yaml.Composer, yaml.Resolver = _Composer, _Resolver
    return yaml
