"""
Which columns hold data that an agent should not see without a reason.

In: a column's name, comment and type, and what a sample of it looks like. Out: Sensitivity. I/O: none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from pgmoat.catalog.snapshot import Column
from pgmoat.report.survey.kinds import KINDS, Harm
from pgmoat.report.survey.snapshot import ColumnSample, Evidence
from pgmoat.report.survey.words import Term, find_in_table, find_term, split_name


class Sureness(StrEnum):
    """How sure it is."""

    CERTAIN = "certain"  # the name says it, and the values bear it out
    LIKELY = "likely"  # the name says it, or the values do
    POSSIBLE = "possible"  # a word with other meanings, or a form that other data has too


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """What a column seems to hold, and why it seems so."""

    kind: str  # a key of pgmoat.report.survey.kinds.KINDS
    sureness: Sureness
    reasons: tuple[str, ...]

    @property
    def meaning(self) -> str:
        """The kind in words: an email address."""
        return KINDS[self.kind][0]

    @property
    def harm(self) -> Harm:
        """What somebody can do with it."""
        return KINDS[self.kind][1]

    @property
    def reason(self) -> str:
        """All reasons, as part of a sentence."""
        return "; ".join(self.reasons)


_TEXTS = frozenset({"text", "varchar", "bpchar", "citext", "name", "char"})
_DOCUMENTS = frozenset({"json", "jsonb", "xml", "hstore"})
_BYTES = frozenset({"bytea", "oid"})
_WHOLE = frozenset({"int2", "int4", "int8", "numeric"})
_NUMBERS = frozenset({*_WHOLE, "float4", "float8", "money"})
_TIMES = frozenset({"date", "timestamp", "timestamptz"})
_GEOMETRY = frozenset({"point", "geometry", "geography", "polygon", "box", "circle", "path", "lseg"})
_LONG_NUMBERS = frozenset({"int8", "numeric"})

_TYPES: dict[str, frozenset[str]] = {
    "password": _TEXTS | _BYTES | _WHOLE,
    "password-hash": _TEXTS | _BYTES,
    "token": _TEXTS | _BYTES | _DOCUMENTS | {"uuid", "int4", "int8"},
    "secret": _TEXTS | _BYTES | _DOCUMENTS,
    "card": _TEXTS | _BYTES | _LONG_NUMBERS,
    "card-code": _TEXTS | _BYTES | _WHOLE,
    "iban": _TEXTS | _BYTES | _LONG_NUMBERS,
    "national-id": _TEXTS | _BYTES | _WHOLE,
    "passport": _TEXTS | _BYTES | _LONG_NUMBERS,
    "tax-id": _TEXTS | _BYTES | _LONG_NUMBERS,
    "email": _TEXTS | _DOCUMENTS,
    "phone": _TEXTS | _DOCUMENTS | _LONG_NUMBERS,
    "ip-address": _TEXTS | {"inet", "cidr", "int8"},
    "mac-address": _TEXTS | {"macaddr", "macaddr8", "uuid"},
    "birth-date": _TEXTS | _TIMES | {"int2", "int4"},
    "salary": _TEXTS | _NUMBERS,
    "location": _TEXTS | _NUMBERS | _GEOMETRY | _DOCUMENTS | _BYTES,
    "address": _TEXTS | _DOCUMENTS,
    "person-name": _TEXTS | _DOCUMENTS,
    "biometric": _TEXTS | _BYTES | _DOCUMENTS,
    "profile": _TEXTS | _DOCUMENTS | _BYTES,
    "free-text": _TEXTS | _DOCUMENTS,
}
"""Types that can hold each kind; a kind that is not here fits any."""

_ALWAYS: dict[str, str] = {
    "inet": "ip-address",
    "macaddr": "mac-address",
    "macaddr8": "mac-address",
    "point": "location",
    "geometry": "location",
    "geography": "location",
}
_CHECKSUMS = frozenset(
    [
        "etag",
        "checksum",
        "md5",
        "sha",
        "sha1",
        "sha256",
        "commit",
        "guid",
        "uuid",
        "rowguid",
        "hash",
        "digest",
        "revision",
        "version",
        "fingerprint",
        "file",
    ]
)
_PROSE_KINDS = frozenset(
    {"password", "password-hash", "card", "card-code", "iban", "national-id", "passport", "tax-id", "email"}
    | {"phone", "birth-date", "salary"}
)
_ABOUT_IT = re.compile(r"(?:id|type|kind|frequency|status|name|count|format|description|flag)$")
"""How names end of columns whose comment says a word without holding what it means."""
_BORNE_OUT: dict[str, frozenset[str]] = {
    "password": frozenset({"password-hash"}),
    "token": frozenset({"password-hash"}),
    "secret": frozenset({"password-hash", "token"}),
    "tax-id": frozenset({"national-id"}),
}
"""Kinds whose form bears out a name of another kind."""

_ENOUGH = 5  # distinct values that tell something without a name


def judge_column(
    column: Column, sample: ColumnSample | None = None, *, table: str = "", words: Sequence[str] = ()
) -> Sensitivity | None:
    """
    Return what *column* seems to hold, None if nothing sensitive.

    *table* is its table's name (with or without schema), *words* those of its name with abbreviations spelled
    out, where somebody knows them. Without a sample the name, the comment and the type alone speak.
    """
    return judge_name(
        column.name,
        type_name="enum" if column.enum_labels else column.base_type_name.lstrip("_"),
        comment=column.comment or "",
        table=table,
        words=words,
        sample=sample,
    )


def judge_name(  # noqa: PLR0913 - what is known of a column, each part optional
    name: str,
    *,
    type_name: str = "text",
    comment: str = "",
    table: str = "",
    words: Sequence[str] = (),
    sample: ColumnSample | None = None,
) -> Sensitivity | None:
    """Return the same for a column of which only its name, and perhaps its type (typname), is known."""
    own = split_name(name)
    named = _fit(find_term(own), type_name) or _fit(
        find_term(tuple(word.lower() for word in words)), type_name
    )
    named = named or _fit(find_in_table(split_name(table.rpartition(".")[2]), own), type_name)
    evidence = sample.evidence if sample is not None else ()
    return (
        _judge_named(named, f"its name says {named.words}", evidence, sample)
        if named is not None
        else _judge_values(own, evidence) or _judge_comment(own, comment, type_name) or _judge_type(type_name)
    )


def _fit(term: Term | None, type_name: str) -> Term | None:
    if term is None or type_name not in _TYPES.get(term.kind, {type_name}) or type_name == "enum":
        return None
    is_flag = type_name == "bool" or (type_name in _TIMES and term.kind != "birth-date")
    return None if is_flag else term


def _judge_named(
    term: Term, reason: str, evidence: Sequence[Evidence], sample: ColumnSample | None
) -> Sensitivity | None:
    fitting = {term.kind, *_BORNE_OUT.get(term.kind, ())}
    found = next((part for part in evidence if part.kind in fitting and not part.is_within), None)
    other = next((part for part in evidence if not part.is_within), None)
    if found is not None:
        kind = found.kind if found.kind == "password-hash" and term.kind == "password" else term.kind
        return Sensitivity(kind, Sureness.CERTAIN, (reason, describe_evidence(found)))
    if other is not None and term.is_ambiguous:
        return Sensitivity(other.kind, Sureness.LIKELY, (describe_evidence(other),))
    is_ambiguous = term.is_ambiguous or (
        term.kind == "email" and sample is not None and sample.distinct >= _ENOUGH
    )
    reasons = (reason, *(describe_evidence(part) for part in evidence))
    return Sensitivity(term.kind, Sureness.POSSIBLE if is_ambiguous else Sureness.LIKELY, reasons)


def _judge_values(own: Sequence[str], evidence: Sequence[Evidence]) -> Sensitivity | None:
    for part in evidence:
        if part.is_within:
            return Sensitivity("free-text", Sureness.LIKELY, (describe_evidence(part),))
        is_digest = part.test.startswith("have the form of MD5")
        if is_digest and not _CHECKSUMS.isdisjoint(own):
            continue
        if part.kind == "ip-address" and "version" in own:
            continue
        sure = Sureness.LIKELY if part.values >= _ENOUGH and not is_digest else Sureness.POSSIBLE
        return Sensitivity(part.kind, sure, (describe_evidence(part),))
    return None


def _judge_comment(own: Sequence[str], comment: str, type_name: str) -> Sensitivity | None:
    """Judge by the first sentence of a comment; that of a key speaks of what it points to."""
    if _ABOUT_IT.search("_".join(own)) or "key" in comment.lower():
        return None
    sentence = re.split(r"[.;:(]", comment, maxsplit=1)[0]
    term = _fit(find_term(split_name(sentence)[:12], is_prose=True), type_name)
    if term is None or term.kind not in _PROSE_KINDS:
        return None
    return Sensitivity(term.kind, Sureness.POSSIBLE, (f"its comment says {term.words}",))


def _judge_type(type_name: str) -> Sensitivity | None:
    kind = _ALWAYS.get(type_name)
    return None if kind is None else Sensitivity(kind, Sureness.POSSIBLE, (f"its type is {type_name}",))


def describe_evidence(part: Evidence) -> str:
    """Return ``98 % of 300 sampled values pass the Luhn check``."""
    percent = part.share * 100
    share = f"{percent:.0f} %" if percent >= 1 else "under 1 %"
    return f"{share} of {part.values} sampled values {part.test}"
