"""
A blast radius as one HTML page that stands by itself.

In: Blast. Out: HTML. I/O: reads the style sheet of the package.

No script, and nothing from elsewhere: it may be mailed, printed, shown under the strictest content policy.
Every name is escaped; names come from whoever may create objects.
"""

from __future__ import annotations

import hashlib
import unicodedata
from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterator, Sequence
from html import escape
from importlib.resources import files

from pgmoat.model.closure import Closure
from pgmoat.report.blast.describe import describe_password, summarize
from pgmoat.report.blast.model import Blast, Claim, Severity, Standing, Step, Way

_WAYS_SHOWN = 12
_CLAIMS_SHOWN = 200
_BRANCHES_SHOWN = 40
_CONTROLS = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})


def render_page(blast: Blast) -> str:
    """Return the page."""
    style = (files("pgmoat.report.blast") / "page.css").read_text(encoding="utf-8")
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    title = f"Blast radius of {_show(blast.role)} in {_show(blast.database)}"
    body = "\n".join(_list_sections(blast))
    return (
        "<!doctype html>\n"
        '<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{title}</title>\n<style>{style}</style></head>\n"
        '<body><a class="skip" href="#main">Skip to the report</a>\n'
        f'<main id="main">\n{body}\n</main></body></html>\n'
    )


def _list_sections(blast: Blast) -> Iterator[str]:
    version = f"{blast.server_version // 10_000}.{blast.server_version % 10_000}"
    yield f"<h1>Blast radius of <code>{_show(blast.role)}</code></h1>"
    yield f"<p class=lead>{_show(summarize(blast))}.</p>"
    place = f"Database {_show(blast.database)}, PostgreSQL {version}"
    yield f"<p class=dim>{place}. Rows are PostgreSQL's estimates.</p>"
    yield _render_tiles(blast)
    beyond = [claim for claim in blast.claims if claim.standing is Standing.BEYOND]
    title = "Beyond the policy" if blast.agent is not None else "What it reaches"
    yield f'<section id="beyond"><h2>{title}</h2>'
    yield from _render_beyond(beyond)
    yield "</section>"
    if beyond:
        yield '<section id="paths"><h2>Paths</h2>'
        yield "<p class=dim>From the role, step by step; numbers count claims.</p>"
        yield _render_tree(beyond) + "</section>"
    yield from _render_policy(blast)
    lines = "".join(f"<li>{_show(line)}</li>" for line in describe_password(blast))
    yield f'<section id="password"><h2>A stolen password</h2><ul>{lines}</ul></section>'
    base = [claim for claim in blast.claims if claim.standing is Standing.BASE]
    if base:
        yield '<section id="base"><h2>What every role may do</h2>' + _fold(
            f"{len(base)} things that PostgreSQL lets every role do",
            _render_claims(base),
        )
        yield "</section>"
    if blast.notes:
        notes = "".join(f"<li>{_show(note)}</li>" for note in blast.notes)
        yield f'<section id="notes"><h2>Not known</h2><ul>{notes}</ul></section>'


def _render_tiles(blast: Blast) -> str:
    counts = blast.counts
    tiles = [
        (f"{counts.readable_entities:,}", "entities read" if blast.agent else "relations read"),
        (f"{counts.readable_rows:,}", "rows readable"),
        (_number(counts.rows_per_statement), "rows changed in a statement"),
        (_number(counts.rows_per_task), "in a task"),
        (_number(counts.rows_per_hour), "in an hour"),
        (f"{len(blast.beyond):,}", "things beyond the policy" if blast.agent else "things found"),
    ]
    listed = "".join(f"<div><dd>{number}</dd><dt>{words}</dt></div>" for number, words in tiles)
    return f"<dl class=tiles>{listed}</dl>"


def _number(number: int | None) -> str:
    return "no limit" if number is None else f"{number:,}"


def _render_beyond(claims: Sequence[Claim]) -> Iterator[str]:
    if not claims:
        yield "<p class=good>Nothing.</p>"
        return
    for severity in Severity:
        told = [claim for claim in claims if claim.severity is severity and not claim.is_implied]
        if told:
            yield f"<h3>{severity.capitalize()} <span class=count>{len(told):,}</span></h3>"
            yield _render_claims(told)
    followed = [claim for claim in claims if claim.is_implied]
    if followed:
        listed = _render_claims(followed)
        yield _fold(f"{len(followed):,} more that follow from what is said above", listed)


def _render_claims(claims: Sequence[Claim]) -> str:
    shown = "".join(_render_claim(claim) for claim in claims[:_CLAIMS_SHOWN])
    rest = len(claims) - _CLAIMS_SHOWN
    return shown + (f"<p class=dim>and {rest:,} more: <code>--json</code> has all</p>" if rest > 0 else "")


def _render_claim(claim: Claim) -> str:
    parts = [f"<p class=code><code>{escape(claim.code)}</code> {_show(claim.subject.kind)}</p>"]
    if claim.sensitive:
        parts.append(f"<p class=warn>Sensitive columns: {_names(claim.sensitive)}</p>")
    if claim.columns:
        parts.append(f"<p>Columns: {_names(claim.columns)}</p>")
    if claim.limit:
        parts.append(f"<p>Limit: {_show(claim.limit)}</p>")
    ways = [way for way in claim.ways if way.standing is claim.standing]
    parts.append("<ol class=ways>" + "".join(_render_way(way) for way in ways[:_WAYS_SHOWN]) + "</ol>")
    if len(ways) > _WAYS_SHOWN:
        parts.append(f"<p class=dim>and {len(ways) - _WAYS_SHOWN} more ways</p>")
    parts += [_render_closure(closure) for closure in _first_closures(ways)]
    if claim.no_closure:
        parts.append(f"<p>No closure: {_show(claim.no_closure)}.</p>")
    if claim.watched_by:
        parts.append(f"<p>Watched by: {_show(claim.watched_by)}.</p>")
    head = f'<span class="mark {claim.severity}">{claim.severity}</span> {_show(claim.message)}'
    return f"<details class=claim><summary>{head}</summary>{''.join(parts)}</details>"


def _first_closures(ways: Sequence[Way]) -> list[Closure]:
    open_ways = [way for way in ways if way.closures and way.standing is not Standing.POLICY]
    return list(dict.fromkeys(way.closures[0] for way in open_ways))


def _render_way(way: Way) -> str:
    steps = " <span class=arrow>→</span> ".join(
        f'<span class="step {step.kind}">{_show(step.text or step.name)}</span>' for step in way.steps
    )
    sure = "" if way.confidence == "certain" else f" <span class=dim>({way.confidence})</span>"
    return f"<li>{steps}{sure}</li>"


def _render_closure(closure: Closure) -> str:
    lines = "\n".join(f"{line};" for line in (*closure.grants, *closure.sql))
    revert = "\n".join(f"{line};" for line in closure.revert)
    hurts = _names(closure.hurts) if closure.hurts else "nobody else"
    keeps = f"; kept by the grants: {_names(closure.keeps)}" if closure.keeps else ""
    back = _fold("Take it back", f"<pre tabindex=0>{_show(revert, lines=True)}</pre>") if revert else ""
    return (
        f"<div class=closure><p>Closed by, for {_show(closure.needs or 'its owner')}:</p>"
        f"<pre tabindex=0>{_show(lines, lines=True)}</pre><p>Hurts {hurts}{keeps}.</p>{back}</div>"
    )


def _fold(title: str, body: str) -> str:
    return f"<details><summary>{escape(title)}</summary>{body}</details>"


class _Node:
    """A step of the tree of paths."""

    def __init__(self) -> None:
        self.children: dict[Step, _Node] = defaultdict(_Node)
        self.claims: dict[str, None] = {}


def _render_tree(claims: Sequence[Claim]) -> str:
    root = _Node()
    for claim in claims:
        for way in claim.ways:
            if way.standing is Standing.BEYOND and not way.is_implied:
                node = root
                for step in way.steps:
                    node = node.children[step]
                    node.claims[f"{claim.code} {claim.action} {claim.subject.name}"] = None
    return f"<ul class=tree>{_render_node(root)}</ul>"


def _render_node(node: _Node) -> str:
    parts: list[str] = []
    branches = sorted(node.children.items(), key=lambda item: -len(item[1].claims))
    for step, child in branches[:_BRANCHES_SHOWN]:
        head = f'<span class="step {step.kind}">{_show(step.text or step.name)}</span>'
        count = f" <span class=count>{len(child.claims):,}</span>"
        if child.children:
            inner = f"<ul>{_render_node(child)}</ul>"
            parts.append(f"<li><details open><summary>{head}{count}</summary>{inner}</details></li>")
        else:
            parts.append(f"<li>{head}</li>")
    if len(branches) > _BRANCHES_SHOWN:
        parts.append(f"<li class=dim>and {len(branches) - _BRANCHES_SHOWN:,} more</li>")
    return "".join(parts)


def _render_policy(blast: Blast) -> Iterator[str]:
    claims = [claim for claim in blast.claims if claim.standing is Standing.POLICY]
    if not claims:
        return
    yield '<section id="policy"><h2>What the policy grants</h2>'
    entities: dict[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        if claim.code in ("read-view", "write-view"):
            entities[claim.subject.name].append(claim)
    if entities:
        yield "<div class=scroll tabindex=0><table><thead><tr>"
        yield "".join(f"<th scope=col>{word}" for word in ("Entity", "Rows", "Reads", "Writes"))
        yield "</tr></thead><tbody>"
        yield "".join(_render_entity(name, found) for name, found in sorted(entities.items()))
        yield "</tbody></table></div>"
    others = [claim for claim in claims if claim.code not in ("read-view", "write-view")]
    listed = _render_claims(others)
    yield _fold(
        f"{len(others)} more: operations, pgmoat's own functions, what stands behind the views", listed
    )
    yield "</section>"


def _render_entity(name: str, claims: Sequence[Claim]) -> str:
    rows = max((claim.rows or 0 for claim in claims), default=0)
    reads = ", ".join(_names(claim.columns) for claim in claims if claim.action == "SELECT")
    writes = "; ".join(
        f"{claim.action} {_names(claim.columns) if claim.action != 'DELETE' else ''}"
        for claim in claims
        if claim.action != "SELECT"
    )
    return (
        f'<tr><th scope=row>{_show(name)}<td class=number data-head="Rows">{rows:,}'
        f'<td data-head="Reads">{reads or "—"}<td data-head="Writes">{writes or "—"}</tr>'
    )


def _names(names: Sequence[str]) -> str:
    return ", ".join(f"<code>{_show(name)}</code>" for name in names)


def _show(text: str, *, lines: bool = False) -> str:
    """Return *text* escaped, and characters that turn the writing direction or break lines shown."""
    if text.isprintable():
        return escape(text)
    shown = "".join(
        character.encode("unicode_escape").decode()
        if unicodedata.category(character) in _CONTROLS and not (lines and character == "\n")
        else character
        for character in text
    )
    return escape(shown)
