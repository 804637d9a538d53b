"""
What the text of a function does: relations that it names, and names that it leaves to the search_path.

In: the source of a function in SQL or PL/pgSQL. Out: Body. I/O: none.

The text is read word by word, not parsed: whoever makes functions may write what no parser survives.
Names count only where the catalog has such a relation, so what looks like one and is none does no harm.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
    (?P<comment> --[^\n]* | /\*.*?\*/ )
  | (?P<string> [eE]?'(?:[^'\\]|''|\\.)*' | (?P<tag>\$\w*\$).*?(?P=tag) )
  | (?P<name> "(?:[^"]|"")+" | [A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]* )
  | (?P<number> \d[\d.]* )
  | (?P<dot> \. )
  | (?P<open> \( )
  | (?P<assign> := | :: | => | \.\. )
  | (?P<operator> [-+*/<>=~!@\#%^&|`?]+ )
  | (?P<other> \S )
    """,
    re.VERBOSE | re.DOTALL,
)
_BEFORE_RELATION = {
    "from": "SELECT",
    "join": "SELECT",
    "using": "SELECT",
    "into": "INSERT",
    "update": "UPDATE",
    "truncate": "TRUNCATE",
    "table": "TRUNCATE",
}
_SKIPPED = frozenset({"only", "table", "lateral", "if", "exists"})
# Words that stand before a parenthesis and call nothing that the search_path finds.
_NO_CALL = frozenset(
    [
        "all",
        "and",
        "any",
        "array",
        "as",
        "assert",
        "between",
        "by",
        "call",
        "case",
        "cast",
        "check",
        "coalesce",
        "collate",
        "constraint",
        "default",
        "delete",
        "distinct",
        "else",
        "elsif",
        "end",
        "except",
        "execute",
        "exists",
        "extract",
        "fetch",
        "filter",
        "for",
        "foreign",
        "format",
        "from",
        "grant",
        "greatest",
        "group",
        "grouping",
        "having",
        "if",
        "in",
        "insert",
        "intersect",
        "interval",
        "into",
        "is",
        "join",
        "key",
        "lateral",
        "least",
        "like",
        "limit",
        "loop",
        "materialized",
        "nullif",
        "not",
        "notify",
        "numeric",
        "of",
        "offset",
        "on",
        "only",
        "or",
        "order",
        "out",
        "over",
        "overlay",
        "partition",
        "perform",
        "position",
        "precision",
        "primary",
        "raise",
        "references",
        "return",
        "returning",
        "row",
        "rows",
        "select",
        "set",
        "setof",
        "some",
        "strict",
        "substring",
        "table",
        "then",
        "to",
        "trim",
        "trunc",
        "union",
        "unique",
        "until",
        "update",
        "using",
        "values",
        "varchar",
        "varying",
        "when",
        "where",
        "while",
        "window",
        "with",
        "within",
        "xmlelement",
    ]
)


@dataclass(frozen=True, slots=True)
class Mention:
    """A name where a relation may stand, and what is done to it."""

    action: str
    schema: str  # empty where it is left to the search_path
    name: str


@dataclass(frozen=True, slots=True)
class Body:
    """What a function's text does, as far as words tell."""

    mentions: tuple[Mention, ...] = ()
    open_calls: tuple[str, ...] = ()  # functions without a schema
    calls: tuple[tuple[str, str], ...] = ()  # all functions: schema, empty if left open; name
    has_operators: bool = False
    is_dynamic: bool = False  # EXECUTE of a text that is put together
    is_understood: bool = True


NOT_UNDERSTOOD = Body(is_understood=False)


@dataclass(frozen=True, slots=True)
class _Word:
    kind: str
    text: str  # of names without quotes, folded as PostgreSQL does
    is_quoted: bool = False


def read_body(language: str, source: str) -> Body:
    """Return what a function's source names."""
    if language not in ("sql", "plpgsql"):
        return NOT_UNDERSTOOD
    words = list(_list_words(source))
    return Body(
        mentions=tuple(dict.fromkeys(_list_mentions(words))),
        open_calls=tuple(dict.fromkeys(_list_calls(words))),
        calls=tuple(dict.fromkeys(_list_all_calls(words))),
        has_operators=any(word.kind == "operator" for word in words),
        is_dynamic=language == "plpgsql" and _is_dynamic(words),
    )


def _list_words(source: str) -> Iterator[_Word]:
    for match in _TOKEN.finditer(source):
        kind, text = match.lastgroup or "", match[0]
        if kind == "comment":
            continue
        if kind == "tag":
            kind = "string"
        if kind == "name":
            is_quoted = text.startswith('"')
            text = text[1:-1].replace('""', '"') if is_quoted else text.lower()
            yield _Word(kind, text, is_quoted)
        else:
            yield _Word(kind, text)


def _list_mentions(words: Sequence[_Word]) -> Iterator[Mention]:
    for place, word in enumerate(words):
        action = _BEFORE_RELATION.get(word.text) if word.kind == "name" and not word.is_quoted else None
        if action is None:
            continue
        before = words[place - 1].text if place else ""
        if before == "delete" and word.text == "from":
            action = "DELETE"
        elif word.text == "table" and before != "truncate":
            action = "SELECT"
        yield from _name_at(words, place + 1, action)
        if word.text == "from":
            yield from _list_after_commas(words, place + 1)


def _list_after_commas(words: Sequence[_Word], start: int) -> Iterator[Mention]:
    """Yield what stands after commas of a FROM, up to the next clause."""
    depth = 0
    for place in range(start, len(words)):
        text = words[place].text
        depth += {"(": 1, ")": -1}.get(text, 0)
        if depth < 0 or text in (";", "where", "group", "order", "limit", "set", "returning"):
            return
        if text == "," and not depth:
            yield from _name_at(words, place + 1, "SELECT")


def _name_at(words: Sequence[_Word], start: int, action: str) -> Iterator[Mention]:
    place = start
    while place < len(words) and words[place].text in _SKIPPED and not words[place].is_quoted:
        place += 1
    if place >= len(words) or words[place].kind != "name":
        return
    first = words[place].text
    if place + 2 < len(words) and words[place + 1].kind == "dot" and words[place + 2].kind == "name":
        yield Mention(action, first, words[place + 2].text)
    else:
        yield Mention(action, "", first)


def _list_all_calls(words: Sequence[_Word]) -> Iterator[tuple[str, str]]:
    """Yield what may be a call; what is none has no such function in the catalogs."""
    for place in range(len(words) - 1):
        word = words[place]
        if word.kind != "name" or words[place + 1].kind != "open":
            continue
        is_qualified = place > 1 and words[place - 1].kind == "dot" and words[place - 2].kind == "name"
        yield words[place - 2].text if is_qualified else "", word.text


def _list_calls(words: Sequence[_Word]) -> Iterator[str]:
    for place in range(len(words) - 1):
        word = words[place]
        if word.kind != "name" or words[place + 1].kind != "open":
            continue
        is_qualified = place > 0 and words[place - 1].kind == "dot"
        is_target = place > 0 and words[place - 1].text in ("into", "as", "with", ",")
        if not is_qualified and not is_target and (word.is_quoted or word.text not in _NO_CALL):
            yield word.text


def _is_dynamic(words: Sequence[_Word]) -> bool:
    """Whether it runs a text that is more than one literal."""
    for place, word in enumerate(words):
        if word.text != "execute" or word.is_quoted or word.kind != "name":
            continue
        rest = words[place + 1 : place + 3]
        is_literal = len(rest) == 2 and rest[0].kind == "string" and rest[1].text in (";", "using", "into")
        if not is_literal and not (rest and rest[0].text in ("function", "procedure", "on")):
            return True
    return False
