"""
What a run of init has found, in numbers.

In: Draft. Out: Summary. I/O: none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from pgmoat.report.draft.model import Draft, Kind


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts of what was drafted."""

    entities: int
    columns: int
    hidden: Mapping[str, int]  # by the kind of sensitive data
    decoded: int  # value maps whose words are known, or guessed
    undecoded: int  # value maps whose words a person has to find
    references: int
    guesses: int
    soft_deletes: int
    scoped: int
    accepted: int
    left_out: int
    rejected: int  # tables that agents might need, and that plan refuses
    decisions: int  # DECIDE in the file


def summarize(draft: Draft) -> Summary:
    """Return the counts of *draft*."""
    columns = [column for entity in draft.entities for column in entity.columns]
    listed = [column for column in columns if column.is_listed]
    kinds = Counter(remark.kind for remark in draft.all_remarks())
    rejected = sum(item.is_rejected for item in draft.left_out)
    return Summary(
        entities=len(draft.entities),
        columns=len(listed),
        hidden=dict(sorted(Counter(column.hidden_for for column in columns if not column.is_listed).items())),
        decoded=sum(bool(column.values) and not column.has_unknown_codes for column in listed),
        undecoded=sum(column.has_unknown_codes for column in listed),
        references=sum(column.references is not None for column in listed),
        guesses=kinds[Kind.GUESS],
        soft_deletes=sum(entity.delete == "soft" for entity in draft.entities),
        scoped=sum(entity.rows is not None for entity in draft.entities),
        accepted=len(draft.accept),
        left_out=len(draft.left_out) - rejected,
        rejected=rejected,
        decisions=kinds[Kind.DECIDE] + bool(draft.accept) + bool(rejected),
    )
