"""
SQL of an operation, with ``:name`` where a parameter goes.

In: SQL text, the parameters' names. Out: the text with ``$n``, or what is wrong with it. I/O: none.

This reads as much of SQL's lexical structure as it takes to tell a parameter from a string, a comment, a cast
or a slice. What the statement means is PostgreSQL's to say, when apply has it checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pgmoat.policy.messages import suggest

_TOKEN = re.compile(
    r"""
      (?P<blank>\s+ | --[^\n]*)
    | (?P<comment>/\*)
    | (?P<escaped>[eE]'(?:[^'\\]|\\.|'')*')
    | (?P<string>'(?:[^']|'')*' | "(?:[^"]|"")*")
    | (?P<dollar>\$(?P<tag>[A-Za-z_\x80-\uffff][\w]*)?\$)
    | (?P<number>\$\d+)
    | (?P<word>[A-Za-z_\x80-\uffff][\w$]*)
    | (?P<cast>::|:=)
    | (?P<name>:[A-Za-z_][\w]*)
    | (?P<digits>\d[\w.]*)
    | (?P<mark>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_MARK = re.compile(r"/\*|\*/")
_PAIRS = {")": "(", "]": "["}
_UNFINISHED = {
    "'": "a string does not end",
    '"': "a name in quotes does not end",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong at an offset of the text, counted from 0."""

    offset: int
    message: str
    hint: str = ""
    kind: str = "unreadable"  # or parameter, structure: what PostgreSQL's grammar would find as well
    name: str = ""  # of the parameter that there is not


@dataclass(slots=True)
class Statement:
    """A statement or condition with its parameters numbered; sound if there are no problems."""

    text: str = ""
    names: set[str] = field(default_factory=set[str])
    numbers: set[int] = field(default_factory=set[int])  # of each $n, which is a problem all the same
    first_word: str = ""  # lower case
    problems: list[Problem] = field(default_factory=list[Problem])


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text and what it is: a name of :name, a number of $n, a word, a mark …"""

    kind: str
    text: str
    offset: int


def parse_statement(source: str, parameters: Sequence[str]) -> Statement:
    """
    Return *source* with each ``:name`` as ``$n``, the name's place among *parameters*.

    A semicolon at the end is left out, any other is a problem, and so are brackets that do not match.
    """
    found = Statement()
    parts: list[str] = []
    open_brackets: list[str] = []  # ( and [; "a" for the [ of an array's constructor
    previous = ""
    tokens = list(scan(source, found.problems))
    while tokens and (tokens[-1].kind == "blank" or tokens[-1].text == ";"):
        tokens.pop()
    for token in tokens:
        text = token.text
        if token.kind == "name":
            text = _number(token, parameters, open_brackets, found)
        elif token.kind == "number":
            hint = f"write :{parameters[0]}" if parameters else ""
            message = f"{text} is not how a parameter is written"
            found.problems.append(Problem(token.offset, message, hint, "parameter"))
            found.numbers.add(int(text[1:]))
        elif token.kind == "mark":
            _follow_brackets(token, previous, open_brackets, found.problems)
        elif token.kind == "word" and not found.first_word:
            found.first_word = text.lower()
        parts.append(text)
        if token.kind != "blank":
            previous = text if token.kind in {"word", "mark"} else token.kind
    if open_brackets:
        found.problems.append(Problem(len(source), "a bracket is not closed", kind="structure"))
    found.text = "".join(parts).strip()
    if not found.text and not found.problems:
        found.problems.append(Problem(0, "there is no SQL in it", kind="structure"))
    return found


def _number(token: Token, parameters: Sequence[str], open_brackets: Sequence[str], found: Statement) -> str:
    name = token.text[1:]
    if open_brackets and open_brackets[-1] == "[":
        if name in parameters:
            message = f"in brackets behind a value {token.text} would be the bound of a slice"
            hint = f"write (:{name}) for the parameter"
            found.problems.append(Problem(token.offset, message, hint, "parameter"))
        return token.text
    if name not in parameters:
        hint = suggest(name, parameters) or f"parameters: {', '.join(parameters) or 'none'}"
        message = f"there is no parameter `{name}`"
        found.problems.append(Problem(token.offset, message, hint, "parameter", name))
        return token.text
    found.names.add(name)
    return f"${parameters.index(name) + 1}"


def _follow_brackets(token: Token, previous: str, open_brackets: list[str], problems: list[Problem]) -> None:
    match token.text:
        case "(":
            open_brackets.append("(")
        case "[":
            inner = previous in {"[", ","} and bool(open_brackets) and open_brackets[-1] == "a"
            open_brackets.append("a" if inner or previous.lower() == "array" else "[")
        case ")" | "]":
            opened = open_brackets.pop() if open_brackets else ""
            if (opened.replace("a", "[")) != _PAIRS[token.text]:
                problems.append(Problem(token.offset, f"this {token.text} closes nothing", kind="structure"))
        case ";":
            message, hint = "more than one statement", "make it a list of statements"
            problems.append(Problem(token.offset, message, hint, "structure"))
        case _:
            pass


def scan(source: str, problems: list[Problem]) -> Iterator[Token]:
    """Yield the text in pieces, comments as one blank; a piece that does not end is a problem."""
    position = 0
    while position < len(source):
        match = _TOKEN.match(source, position)
        if match is None:  # never: every character is at least a mark
            return
        kind, text = match.lastgroup or "mark", match[0]
        if match["dollar"]:
            kind = "string"
            end = source.find(text, match.end())
            if end < 0:
                problems.append(Problem(position, f"the string that {text} begins does not end"))
                return
            text = source[position : end + len(text)]
        elif kind == "comment":
            end = _find_comment_end(source, match.end())
            if end < 0:
                problems.append(Problem(position, "a comment does not end"))
                return
            kind, text = "blank", source[position:end]
        elif kind == "mark" and text in _UNFINISHED:
            problems.append(Problem(position, _UNFINISHED[text]))
            return
        if kind == "blank":
            yield Token(kind, text if text.isspace() else " ", position)
        else:
            yield Token("string" if kind == "escaped" else kind, text, position)
        position += len(text)


def _find_comment_end(source: str, position: int) -> int:
    """Return where the comment ends that was opened before *position*: they nest; -1 if nowhere."""
    depth = 1
    for mark in _COMMENT_MARK.finditer(source, position):
        depth += 1 if mark[0] == "/*" else -1
        if depth == 0:
            return mark.end()
    return -1
