"""PL021: NULLs that mean something. In: Subject. Out: Remarks. I/O: none."""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.report.lint.evidence import show_nulls
from pgmoat.report.lint.names import full_words, words_of
from pgmoat.report.lint.remedies import describe_column
from pgmoat.report.lint.rule import Remark, Rule
from pgmoat.report.lint.subject import Place, Subject, is_view
from pgmoat.report.lint.vocabulary import ENDINGS, MOMENT_WORDS, NULL_WORDS, PARENT_WORDS

_STATES = frozenset({"status", "stage", "phase", "flag"})
_SOME = 0.02
_MANY = 0.2


def _find(subject: Subject) -> Iterator[Remark]:
    for place in subject.places:
        if place.column.not_null or place.is_key or place.column.generated or is_view(place.table):
            continue
        if says_null(place.comment):
            continue
        reason = _judge(place)
        if reason:
            seen = show_nulls(place)
            yield Remark(
                place.table_name,
                place.name,
                f"nothing says what NULL means{f' ({seen})' if seen else ''}: {reason}",
                describe_column(subject, place, "say what NULL means", "… NULL: …."),
                share=_weigh(place),
            )


def _weigh(place: Place) -> float:
    """Return the share of the weight: everybody reads deleted_at, and a comment helps a little."""
    if place.name in ("deleted_at", "removed_at"):
        return 0.4
    return 0.6 if place.comment else 1.0


def says_null(comment: str) -> bool:
    """Whether a comment says what NULL means."""
    lower = comment.lower()
    return any(words in lower for words in NULL_WORDS)


def _judge(place: Place) -> str:
    """Return what speaks for a meaning of NULL, empty when nothing does."""
    if place.sample is not None and place.sample.nulls == 0 and place.sample.rows >= 20:
        return ""  # nullable, but nobody uses it
    words = full_words(place.name)
    if words & ENDINGS and (words & MOMENT_WORDS or place.column.type_category == "D"):
        return "not yet, never, or not known?"
    own = place.table.foreign_key_of(place.name)
    if words & PARENT_WORDS or (own is not None and own.references == place.table_name):
        return "nothing above it, or not known?"
    return _judge_data(place)


def _judge_data(place: Place) -> str:
    """Return what the share of NULLs speaks for; only kinds of columns whose NULL one has to interpret."""
    share = place.null_share
    if not 0 < share < 1:
        return ""
    category = place.column.type_category
    cases = (
        (place.column.base_type_name == "bool", 0.0, "a third value besides true and false"),
        (category == "D", _SOME, "not yet, never, or not known?"),
        (place.is_reference, _SOME, "none, or not known?"),
        (_holds_codes(place), _SOME, "a state of its own, or not known?"),
        (category == "N", _MANY, "zero, not applicable, or not known?"),
    )
    return next((reason for applies, least, reason in cases if applies and share >= least), "")


def _holds_codes(place: Place) -> bool:
    return bool(_STATES & set(words_of(place.name)[-1:]))


RULE = Rule(
    code="PL021",
    slug="null-without-meaning",
    title="NULL means something that nothing says",
    why="shipped_at IS NULL may mean not shipped yet, never to be shipped, or shipped before anyone kept"
    " the date. A model that takes one for the other counts wrong.",
    bad="CREATE TABLE orders (shipped_at timestamptz, approved_by integer);",
    remedy="Say in the comment what NULL means (until it is shipped, NULL for a top-level one), or make the"
    " column NOT NULL.",
    weight=0.15,
    find=_find,
)
