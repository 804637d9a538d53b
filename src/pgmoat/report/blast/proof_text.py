"""
Say what a proof showed.

In: Proof. Out: lines of text, a dict for programs. I/O: none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from pgmoat.report.blast.compare import Line, Proof, Verdict
from pgmoat.report.blast.trial import How

_EXAMPLES = 3


def describe_proof(proof: Proof) -> dict[str, Any]:
    """Return the proof as a program reads it: every line, and the counts."""
    return {
        "role": proof.role,
        "database": proof.database,
        "differences": len(proof.differences),
        "refused_tried": proof.refused,
        "refused_asked": proof.refused_asked,
        "notes": list(proof.notes),
        "lines": [line.as_dict() for line in proof.lines],
    }


def render_proof(proof: Proof) -> Iterator[tuple[str, str]]:
    """Yield (style, text) for each line that a person reads; what is proven is counted."""
    proven = proof.of(Verdict.PROVEN)
    tried = sum(line.how is How.TRIED for line in proven)
    yield "bold", f"tried as {proof.role} in database {proof.database}, every statement rolled back"
    yield "", f"  {len(proven)} claims proven: {tried} tried, {len(proven) - tried} asked of PostgreSQL"
    yield (
        "",
        f"  {proof.refused + proof.refused_asked} things that nobody claims are refused: {proof.refused} when"
        f" tried, {proof.refused_asked} as PostgreSQL answers",
    )
    differences = proof.differences
    if differences:
        yield "bold red", f"  {len(differences)} differences between claim and fact"
        yield from (("red", "    " + render_line(line)) for line in differences)
    else:
        yield "green", "  no difference between claim and fact"
    yield from _render_group(
        proof.of(Verdict.BLOCKED), "claims whose privilege is held, and that something stops"
    )
    yield from _render_group(proof.of(Verdict.UNTRIED), "claims that could not be tried")
    yield from (("yellow", f"  note: {note}") for note in proof.notes)


def render_line(line: Line) -> str:
    """Return a line as a sentence: SELECT on public.orders [read-table]: it is claimed, and refused."""
    place = f" {line.identity}" if line.identity else ""
    code = f" [{line.claim}]" if line.claim else ""
    return f"{line.what}{place}{code}" + (f": {line.why}" if line.why else "")


def _render_group(lines: Sequence[Line], title: str) -> Iterator[tuple[str, str]]:
    """Yield a count and, by reason, a few examples."""
    if not lines:
        return
    yield "", f"  {len(lines)} {title}"
    by_reason: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        by_reason[line.why].append(line)
    for why, group in sorted(by_reason.items(), key=lambda item: -len(item[1])):
        shown = "; ".join(f"{line.what} {line.identity}".strip() for line in group[:_EXAMPLES])
        more = f"; {len(group) - _EXAMPLES} more" if len(group) > _EXAMPLES else ""
        yield "dim", f"    {why}: {shown}{more}"
