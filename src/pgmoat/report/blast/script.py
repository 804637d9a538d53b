"""
The closures of a blast radius as one script for psql.

In: Blast. Out: SQL text. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pgmoat.model.closure import Closure
from pgmoat.report.blast.model import Blast, Claim, Standing


def choose_closures(claims: Sequence[Claim]) -> list[Closure]:
    """
    Return closures that together end every way of *claims* that can be ended and that no policy made.

    Of a way's closures one is enough: one that is chosen already, else the first, which hurts fewest.
    """
    chosen: dict[Closure, None] = {}
    for claim in claims:
        for way in claim.ways:
            if way.standing is not Standing.BEYOND or not way.closures:
                continue
            if not any(closure in chosen for closure in way.closures):
                chosen[way.closures[0]] = None
    return list(chosen)


def render_script(blast: Blast) -> str:
    """Return a script that closes what is beyond the policy: GRANTs first, all of it or nothing."""
    here = [claim for claim in blast.beyond if not claim.subject.database]
    elsewhere = sorted({claim.subject.database for claim in blast.beyond} - {""})
    closures = choose_closures(here)
    lines = [
        _comment(f"Closes what {blast.role} reaches in {blast.database} beyond its policy."),
        _comment("Read it first: each closure says whom it hurts. Run it with psql -v ON_ERROR_STOP=1 -f."),
    ]
    lines += [_comment(f"Database {name} needs a script of its own: run it there.") for name in elsewhere]
    if not closures:
        return "\n".join([*lines, _comment("There is nothing to close."), ""])
    lines += ["BEGIN;", ""]
    given = dict.fromkeys(statement for closure in closures for statement in closure.grants)
    if given:
        lines += [_comment("First, what keeps others working."), *(f"{one};" for one in given), ""]
    for closure in closures:
        lines += [*_render(closure), ""]
    lines += ["COMMIT;", ""]
    lines += [_comment("To take all of it back:")]
    lines += [_comment(f"{one};") for closure in reversed(closures) for one in closure.revert]
    lines += list(_list_open(blast))
    return "\n".join([*lines, ""])


def _render(closure: Closure) -> Iterator[str]:
    yield _comment(f"{closure.object}: {closure.about}")
    if closure.needs:
        yield _comment(f"needs: {closure.needs}")
    if closure.hurts:
        yield _comment(f"hurts: {', '.join(closure.hurts)}")
    if closure.keeps:
        yield _comment(f"keep it by the grants above: {', '.join(closure.keeps)}")
    yield from (f"{statement};" for statement in closure.sql)


def _list_open(blast: Blast) -> Iterator[str]:
    """Yield what no SQL closes."""
    for claim in blast.beyond:
        if not claim.closures:
            why = claim.no_closure or "no SQL was found that does"
            yield _comment(f"stays open: {claim.message}: {why}")


def _comment(text: str) -> str:
    """Return *text* as a comment that no line break in a name leaves."""
    return "\n".join(f"-- {line}" for line in text.splitlines())
