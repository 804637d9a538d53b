"""
Claims as they are found, a way at a time.

In: ways. Out: Claims. I/O: none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from pgmoat.model.closure import Closure
from pgmoat.report.blast.holders import Holder
from pgmoat.report.blast.index import Index
from pgmoat.report.blast.model import Claim, Confidence, Severity, Standing, Step, StepKind, Subject, Way

_SEVERITIES = list(Severity)
_STANDINGS = (Standing.BEYOND, Standing.POLICY, Standing.BASE)
MAX_WAYS = 64
"""Ways of one claim that are kept; a person reads a handful."""

Judge = Callable[[str, str], bool]
"""Whether the column of that name, of that table, looks sensitive."""


@dataclass(frozen=True, slots=True)
class Headline:
    """What a claim says, whatever way leads to it."""

    code: str
    subject: Subject
    action: str
    message: str
    severity: Severity
    rows: int | None = None
    limit: str = ""
    no_closure: str = ""
    watched_by: str = ""


@dataclass(slots=True)
class _Draft:
    headline: Headline
    ways: dict[Way, None] = field(default_factory=dict[Way, None])


class Collection:
    """Claims of one role, being gathered."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self._drafts: dict[tuple[str, str, str, str], _Draft] = {}
        self.hijacked: list[Holder] = []  # owners of functions that were hijacked on the way

    def add(self, headline: Headline, way: Way) -> None:
        """Take a way to what *headline* says."""
        subject = headline.subject
        key = (headline.code, subject.kind, subject.name, headline.action)
        draft = self._drafts.setdefault(key, _Draft(headline))
        if len(draft.ways) < MAX_WAYS:
            draft.ways[way] = None
        if _SEVERITIES.index(headline.severity) < _SEVERITIES.index(draft.headline.severity):
            draft.headline = headline

    def has_ways(self, headline: Headline, count: int) -> bool:
        """Whether as many ways to it are known: more of the same are not worth following."""
        subject = headline.subject
        draft = self._drafts.get((headline.code, subject.kind, subject.name, headline.action))
        return draft is not None and len(draft.ways) >= count

    def ways_to(self, code: str, oid: int, action: str) -> tuple[tuple[Headline, Way], ...]:
        """Return the ways found so far to one action on the object with that oid."""
        return tuple(
            (draft.headline, way)
            for draft in self._drafts.values()
            if (draft.headline.code, draft.headline.subject.oid, draft.headline.action) == (code, oid, action)
            for way in draft.ways
        )

    def headlines(self, code: str) -> tuple[tuple[Headline, tuple[Way, ...]], ...]:
        """Return what was found so far with a code."""
        return tuple(
            (draft.headline, tuple(draft.ways))
            for draft in self._drafts.values()
            if draft.headline.code == code
        )

    def finish(self, judge: Judge) -> tuple[Claim, ...]:
        """Return the claims, worst first: those beyond the policy before the others."""
        claims = [self._make(draft, judge) for draft in self._drafts.values()]
        return tuple(
            sorted(
                claims,
                key=lambda claim: (
                    _STANDINGS.index(claim.standing),
                    _SEVERITIES.index(claim.severity),
                    claim.code,
                    claim.subject.kind,
                    claim.subject.name,
                    claim.action,
                ),
            )
        )

    def _make(self, draft: _Draft, judge: Judge) -> Claim:
        headline, ways = draft.headline, tuple(draft.ways)
        columns = self._columns(headline, ways)
        name = headline.subject.name
        return Claim(
            code=headline.code,
            subject=headline.subject,
            action=headline.action,
            message=headline.message,
            severity=headline.severity,
            ways=ways,
            standing=min((way.standing for way in ways), key=_STANDINGS.index),
            columns=columns,
            sensitive=tuple(column for column in columns if judge(name, column)),
            rows=headline.rows,
            limit=headline.limit,
            no_closure=headline.no_closure,
            watched_by=headline.watched_by,
        )

    def _columns(self, headline: Headline, ways: Sequence[Way]) -> tuple[str, ...]:
        """Return the columns that some way reaches, in the order of the table."""
        known = self.index.columns_of(headline.subject.oid) if headline.code in COLUMN_CODES else ()
        if any(not way.columns and way.steps[-1].kind not in _TEXTS for way in ways):
            return known
        # The text of a function or trigger does not say which columns; other ways do.
        reached = {column for way in ways for column in way.columns}
        return tuple(column for column in known if column in reached) if reached else known


_TEXTS = (StepKind.DEFINER, StepKind.TRIGGER, StepKind.RULE)

COLUMN_CODES = frozenset({"read-table", "write-table", "read-view", "write-view", "reference-table"})
"""Codes of claims that are about columns."""


def make_way(  # noqa: PLR0913 - one argument per field of a way
    index: Index,
    holder: Holder,
    steps: Iterable[Step],
    *,
    closures: Iterable[Closure] = (),
    columns: tuple[str, ...] = (),
    standing: Standing = Standing.BEYOND,
    confidence: Confidence = Confidence.CERTAIN,
) -> Way:
    """Return the way of *holder* that ends with *steps*."""
    worse = max(holder.confidence, confidence, key=list(Confidence).index)
    return Way(
        steps=(*holder.steps, *steps),
        acts_as=index.role_name(holder.role),
        columns=columns,
        confidence=worse,
        closures=(*holder.closures, *closures),
        standing=standing,
    )


def extend_way(  # noqa: PLR0913 - one argument per field of a way
    way: Way,
    steps: Iterable[Step],
    *,
    acts_as: str,
    closures: Iterable[Closure] = (),
    columns: tuple[str, ...] = (),
    confidence: Confidence = Confidence.BOUNDED,
) -> Way:
    """Return *way* with more steps at its end, run by somebody else."""
    worse = max(way.confidence, confidence, key=list(Confidence).index)
    return Way(
        steps=(*way.steps, *steps),
        acts_as=acts_as,
        columns=columns,
        confidence=worse,
        closures=(*way.closures, *closures),
        standing=way.standing,
    )
