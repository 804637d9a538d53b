"""
What stored codes mean, where lookup tables and habits say so, and where a person has to.

In: a surveyed column. Out: a value map. I/O: none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pgmoat.catalog.snapshot import Column
from pgmoat.compiler.checks.codes import CodeRefusedError, can_be_mapped, normalize_code, read_simple_default
from pgmoat.report.draft.legend import read_legend
from pgmoat.report.draft.model import Kind, Remark
from pgmoat.report.survey.snapshot import ColumnSample, ForeignKey, SurveyedTable

MAX_CODES = 20
_MAX_UNKNOWN = 12
_SEEN_AT_LEAST = 8  # rows: with fewer, few different values say nothing
_INTEGERS = frozenset({"int2", "int4", "int8", "numeric"})
_CODE_WORDS_TEXT = (
    "status state stage phase type kind category class code cd mode flag flg indicator reason method priority"
    " severity result outcome stat typ resolution visibility role"
)
_CODE_WORDS = frozenset(_CODE_WORDS_TEXT.split())
_NO_CODES_TEXT = (
    "count number quantity amount total price cost rate sum days hours minutes seconds size length width"
    " height weight year month day age position order rank version points score rating percent discount tax"
    " balance limit max min retries attempts id postal zip country currency language area phone level"
)
_NO_CODES = frozenset(_NO_CODES_TEXT.split())
_FLAG_WORDS_TEXT = (
    "is has was are can should must allow allows requires needs flag flg active enabled disabled deleted"
    " archived locked hidden visible public private default primary current valid verified confirmed approved"
    " required discontinued published closed paid shipped complete completed"
)
_FLAG_WORDS = frozenset(_FLAG_WORDS_TEXT.split())
_FLAGS: Mapping[frozenset[str], Mapping[str, str]] = {
    frozenset(words): words
    for words in (
        {"0": "no", "1": "yes"},
        {"N": "no", "Y": "yes"},
        {"n": "no", "y": "yes"},
        {"F": "no", "T": "yes"},
        {"f": "no", "t": "yes"},
    )
}  # fmt: skip
_SHORT = 2  # characters of a text that is a code and no word
_BESIDE = re.compile(r"desc|note|comment|sort|order|position|rank|rowguid", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_][\w /&+'.-]{2,40}")


@dataclass(frozen=True, slots=True)
class CodeMap:
    """A value map, and how sure it is."""

    values: tuple[tuple[str, str], ...]
    remark: Remark
    doc: str | None = None  # what is left of the comment that gave the words


def decode_lookup(column: Column, key: ForeignKey, target: SurveyedTable) -> CodeMap | None:
    """Return the words of the lookup table that *column* points to; None where it is none."""
    lookup = target.lookup
    if lookup is None or key.references_columns != (lookup.key,) or not can_be_mapped(column):
        return None
    pairs = [(code, " ".join(word.split())) for code, word in lookup.words]
    words = {word for _, word in pairs}
    if not _says_nothing_more(target, lookup.key, lookup.label):
        return None
    if not 1 < len(pairs) <= MAX_CODES or len(words) < len(pairs) or not all(words):
        return None
    values = _normalize(column, pairs)
    if values is None:
        return None
    return CodeMap(values, Remark(Kind.NOTE, f"words from {key.references}.{lookup.label}"))


def _says_nothing_more(target: SurveyedTable, key: str, label: str) -> bool:
    """Whether the table is its words, so that agents lose nothing when they read these instead."""
    others = [column for column in target.columns if column.name not in {key, label}]
    return not target.foreign_keys and all(
        column.type_category in {"D", "B"} or _BESIDE.search(column.name) is not None for column in others
    )


def find_codes(column: Column, words: Sequence[str], table: SurveyedTable) -> CodeMap | None:
    """Return a map for a column that holds codes without a lookup table; None where it holds none."""
    if not can_be_mapped(column) or column.base_type_name == "bool":
        return None
    sample = table.samples.get(column.name)
    seen = {value.value: value.rows for value in sample.values} if sample else {}
    listed = column.enum_labels or list_checked(column, table)
    codes = [*listed, *(code for code in seen if code not in listed)]
    explained = _map_explained(column, codes, sample)
    if explained is not None:
        return explained
    if not listed and not _is_telling(sample):
        return None
    if not _look_like_codes(column, codes, words, is_listed=bool(listed)):
        return None
    default = read_simple_default(column)
    codes += [default] if default is not None and default not in codes else []
    if len(codes) > (MAX_CODES if listed else _MAX_UNKNOWN):
        return None
    return _map_flags(column, codes, words) or _map_unknown(column, codes, seen)


def _map_explained(column: Column, codes: Sequence[str], sample: ColumnSample | None) -> CodeMap | None:
    """Return the map that the column's comment gives; None where a code that there is stands not in it."""
    legend = read_legend(column.comment or "")
    is_unseen = sample is None or sample.rows == sample.nulls
    default = read_simple_default(column)
    known = [*codes, *([default] if default is not None else [])]
    if not legend or not (codes or is_unseen) or not {code.strip() for code in known} <= set(legend.words):
        return None
    if len(legend.words) > MAX_CODES or not all(map(_is_code, legend.words)):
        return None
    values = _normalize(column, legend.words.items())
    return (
        CodeMap(values, Remark(Kind.NOTE, "words from the column's comment"), legend.rest) if values else None
    )


def list_checked(column: Column, table: SurveyedTable) -> tuple[str, ...]:
    """Return the values that a CHECK lets the column have; empty when none lists them."""
    return next((c.values for c in table.checks if c.values and c.columns == (column.name,)), ())


def list_words(column: Column, table: SurveyedTable) -> tuple[str, ...]:
    """Return the words that the column may hold by its type or a CHECK; empty when they are codes."""
    listed = column.enum_labels or list_checked(column, table)
    return tuple(listed) if listed and not all(_is_code(value) for value in listed) else ()


def list_seen_words(column: Column, words: Sequence[str], sample: ColumnSample | None) -> tuple[str, ...]:
    """
    Return the words that the sample holds, where they are a small vocabulary; empty where they may be data.

    Each must be common enough that it tells of nobody in particular.
    """
    if sample is None or column.type_category != "S" or not sample.values or not _CODE_WORDS & set(words):
        return ()
    is_vocabulary = (
        1 < len(sample.values) <= _MAX_UNKNOWN
        and sample.rows >= _SEEN_AT_LEAST * len(sample.values)
        and all(value.rows >= 3 and _WORD.fullmatch(value.value) for value in sample.values)
    )
    return tuple(sorted(value.value for value in sample.values)) if is_vocabulary else ()


def add_codes(column: Column, values: Iterable[tuple[str, str]], found: Mapping[str, int]) -> CodeMap | None:
    """Return a map with the codes of the data that it lacked; None when they are too many, or no codes."""
    known = dict(values)
    if not all(_is_code(code) for code in found if code not in known):
        return None
    pairs = [*known.items(), *((code, _word_for(code)) for code in sorted(found) if code not in known)]
    if len(pairs) > MAX_CODES or len({word for _, word in pairs}) < len(pairs):
        return None
    normal = _normalize(column, pairs)
    shown = ", ".join(f"{code} ({_count(rows)})" for code, rows in found.items())
    return (
        CodeMap(normal, Remark(Kind.DECIDE, f"what these codes mean; in the data: {shown}"))
        if normal
        else None
    )


def _is_telling(sample: ColumnSample | None) -> bool:
    return (
        sample is not None
        and sample.rows - sample.nulls >= _SEEN_AT_LEAST
        and 1 < len(sample.values) <= _MAX_UNKNOWN
        # The values may be those of the whole table, the rows are those of the sample.
        and (sample.rows - sample.nulls) >= 2 * len(sample.values)
    )


def _look_like_codes(column: Column, codes: Sequence[str], words: Sequence[str], *, is_listed: bool) -> bool:
    named = set(words)
    if not all(_is_code(code) for code in codes):
        return False
    if is_listed:
        return column.type_category in {"S", "E"} or not named & _NO_CODES
    if named & _NO_CODES:
        return False
    if column.base_type_name in _INTEGERS:
        is_flag = frozenset(codes) in _FLAGS and _is_flag_name(words)
        return is_flag or (bool(named & _CODE_WORDS) and all(abs(int(code)) < 1000 for code in codes))
    return bool(named & (_CODE_WORDS | _FLAG_WORDS)) or column.max_length == 1


def _is_code(text: str) -> bool:
    return bool(re.fullmatch(r"-?\d{1,9}", text)) or len(text.strip()) <= _SHORT


def _is_flag_name(words: Sequence[str]) -> bool:
    return bool(_FLAG_WORDS & set(words)) or any(word.endswith("ed") for word in words)


def _map_flags(column: Column, codes: Sequence[str], words: Sequence[str]) -> CodeMap | None:
    flags = _FLAGS.get(frozenset(codes))
    if flags is None or not (_is_flag_name(words) or not set(words) & _CODE_WORDS):
        return None
    values = _normalize(column, flags.items())
    no, yes = flags
    return CodeMap(values, Remark(Kind.GUESS, f"{no} and {yes} mean no and yes")) if values else None


def _map_unknown(column: Column, codes: Sequence[str], seen: Mapping[str, int]) -> CodeMap | None:
    ordered = sorted(codes, key=_sort_key)
    values = _normalize(column, [(code, _word_for(code)) for code in ordered])
    if values is None or len({word for _, word in values}) < len(values):
        return None
    shown = ", ".join(f"{code} ({_count(seen[code])})" for code in ordered if code in seen)
    text = (
        f"what these codes mean; rows seen: {shown}" if shown else "what these codes mean; no row has one yet"
    )
    return CodeMap(values, Remark(Kind.DECIDE, text))


def _count(rows: int) -> str:
    return "?" if rows < 0 else f"{rows:,}"


def _sort_key(code: str) -> tuple[int, int, str]:
    return (0, int(code), "") if re.fullmatch(r"-?\d+", code) else (1, 0, code)


def _word_for(code: str) -> str:
    text = code.replace("-", "minus_") if re.fullmatch(r"-\d+", code) else code
    return "TODO_" + (re.sub(r"\W", lambda match: f"x{ord(match[0]):02X}", text.strip()) or "blank")


def _normalize(column: Column, pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...] | None:
    """Return the map with codes as PostgreSQL prints them; None when the column cannot hold one of them."""
    values: dict[str, str] = {}
    for code, word in pairs:
        try:
            normal = normalize_code(column, code)
        except CodeRefusedError:
            return None
        if normal in values:
            return None
        values[normal] = word
    return tuple(values.items())
