"""
A draft as the text of a policy file, comments and all.

In: Draft, or a part of it. Out: text, or lines without indentation. I/O: none.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from pgmoat.report.draft.data import access_data, column_data
from pgmoat.report.draft.model import Draft, DraftAgent, DraftColumn, DraftEntity, LeftOut, Remark
from pgmoat.report.draft.scalars import WIDTH, block_text, clean, comment, flow, indent, quote_key

_STEP = 2
_SHORT_LINE = 90
_HEADER = (
    "What AI agents may see and do in database {database}: a first draft by pgmoat init, from the database"
    " itself. Read it, change it, keep it in version control. A column that is not listed is hidden from"
    " every agent."
)
_SETTINGS = (
    "note: roles of the usual names are another database's of this server, so these have names of their own."
)
_ACCEPT = "What every role reaches through PUBLIC, so agents too. DECIDE for each: keep it or close it."
_LEGEND = (
    ("DECIDE", "a person has to say what is right; the draft works without, on the safe side"),
    ("guess", "likely, from names or data; correct it where it is wrong"),
    ("hidden", "looks sensitive; take the # away to show it to agents"),
    ("note", "nothing to do"),
)


_MANY = 4
"""Tables left out for the same reason that stand in one list."""


def render_draft(draft: Draft) -> str:
    """Return the whole file."""
    lines = list(_render_head(draft))
    if draft.settings:
        lines += ["", *comment(_SETTINGS, WIDTH), "settings:"]
        lines += indent([f"{key}: {flow(value)}" for key, value in draft.settings.items()], _STEP)
    lines += ["", *_render_entities(draft.entities)]
    lines += _render_left_out(draft.left_out)
    if draft.agents:
        lines += ["", "agents:"]
        for agent in draft.agents:
            lines += ["", *indent(render_agent(agent), _STEP)]
    if draft.accept:
        lines += [
            "",
            *comment(
                "What every role reaches through PUBLIC, so agents too. DECIDE for each: keep or close.",
                WIDTH,
            ),
        ]
        lines += ["accept:"]
        for entry in draft.accept:
            lines += indent(render_accept(entry.object, entry.why), _STEP)
    return "\n".join(lines) + "\n"


def _render_head(draft: Draft) -> Iterator[str]:
    yield from comment(_HEADER.format(database=draft.database), WIDTH)
    yield "#"
    kinds = {remark.kind.value for remark in draft.all_remarks()}
    hidden = any(not column.is_listed for entity in draft.entities for column in entity.columns)
    for word, meaning in _LEGEND:
        if word in kinds or (word == "hidden" and hidden):
            yield f"#   {word + ':':<8} {meaning}"
    for remark in draft.remarks:
        yield from render_remark(remark, WIDTH)
    yield "version: 1"


def _render_entities(entities: Sequence[DraftEntity]) -> Iterator[str]:
    if not entities:
        yield "entities: {}"
        return
    yield "entities:"
    schemas = {entity.schema for entity in entities}
    for schema, group in groupby(
        sorted(entities, key=lambda entity: entity.table), lambda entity: entity.schema
    ):
        if len(schemas) > 1:
            yield ""
            yield from indent(_render_rule(f"schema {schema}"), _STEP)
        for entity in group:
            yield ""
            yield from indent(render_entity(entity), _STEP)


def _render_rule(title: str) -> list[str]:
    text = f"# ---- {clean(title)} "
    return [text + "-" * max(WIDTH - _STEP - len(text), 4)]


def render_entity(entity: DraftEntity) -> list[str]:
    """Return the lines of an entity."""
    lines = [line for remark in entity.remarks for line in render_remark(remark, WIDTH - _STEP)]
    lines.append(f"{entity.name}:")
    body = [f"table: {flow(entity.table)}"]
    if entity.doc:
        body += block_text("doc", entity.doc, WIDTH - 2 * _STEP)
    body.append("columns:")
    for column in entity.columns:
        body += indent(render_column(column), _STEP)
    for remark in entity.rows_remarks:
        body += render_remark(remark, WIDTH - 2 * _STEP)
    if entity.rows is not None:
        body.append(f"rows: {flow(entity.rows)}")
    for remark in entity.delete_remarks:
        body += render_remark(remark, WIDTH - 2 * _STEP)
    if entity.delete == "soft":
        rest = entity.delete_columns
        body.append(f"delete: {flow({'mode': 'soft', **rest})}" if rest else "delete: soft")
    for suggestion in entity.suggestions:
        body.append(f"# {suggestion.line}  # {clean(suggestion.why)}")
    return lines + indent(body, _STEP)


def render_column(column: DraftColumn) -> list[str]:
    """Return the lines of a column; those of a hidden one are comments that work without their mark."""
    data = column_data(column)
    key = quote_key(column.base)
    if not column.is_listed:
        reason = clean(column.hidden)
        line = f"# {key}: {flow(data)}  # hidden: {reason}"
        if len(line) <= WIDTH - 6:
            return [line]
        return [*comment(f"hidden: {reason}", WIDTH - 6), f"# {key}: {flow(data)}"]
    lines = [line for remark in column.remarks for line in render_remark(remark, WIDTH - 6)]
    one = f"{key}: {flow(data)}"
    if len(one) <= _SHORT_LINE:
        return [*lines, one]
    lines.append(f"{key}:")
    for name, value in data.items():
        if isinstance(value, str):
            lines += indent(block_text(name, value, WIDTH - 8), _STEP)
        elif name == "values" and len(flow(value)) > _SHORT_LINE:
            lines.append("  values:")
            lines += [f"    {quote_key(code)}: {flow(word)}" for code, word in column.values]
        else:
            lines.append(f"  {name}: {flow(value)}")
    return lines


def render_agent(agent: DraftAgent) -> list[str]:
    """Return the lines of an agent."""
    lines = [line for remark in agent.remarks for line in render_remark(remark, WIDTH - _STEP)]
    lines.append(f"{agent.name}:")
    body = block_text("doc", agent.doc, WIDTH - 2 * _STEP)
    if agent.accesses:
        body.append("entities:")
        for access in agent.accesses:
            body.append(f"  {access.entity}: {flow(access_data(access))}")
    else:
        body.append("entities: {}")
    body.append(f"connections: {agent.connections}")
    body.append(f"timeouts: {flow(agent.timeouts)}")
    body.append(f"limits: {flow(agent.limits)}")
    if agent.approval:
        body.append(f"approval: {flow(agent.approval)}")
    return lines + indent(body, _STEP)


def render_accept(name: str, why: str) -> list[str]:
    """Return the lines of an entry of ``accept:``."""
    return [f"- object: {flow(name)}", *indent(block_text("why", why, WIDTH - 2 * _STEP), _STEP)]


def render_remark(remark: Remark, width: int) -> list[str]:
    """Return a remark as lines of a comment."""
    return comment(f"{remark.kind.value}: {remark.text}", width)


def render_left_out(item: LeftOut) -> str:
    """Return a line of the list of what is no entity."""
    return f"#   {clean(item.table)}: {clean(item.why)}"


def _render_left_out(items: Iterable[LeftOut]) -> Iterator[str]:
    rejected = [item for item in items if item.is_rejected]
    others = [item for item in items if not item.is_rejected]
    for title, part in (
        ("DECIDE: tables that agents might need, and that cannot be entities as they are:", rejected),
        ("Left out, because agents hardly need them:", others),
    ):
        if part:
            yield ""
            yield from indent([f"# {title}", *_list_by_reason(part)], _STEP)


def _list_by_reason(items: Sequence[LeftOut]) -> Iterator[str]:
    """Yield a line for each, or one list of all that share a reason: ninety views are ninety names."""
    shared = Counter(item.why for item in items)
    for why, number in shared.items():
        alike = [item for item in items if item.why == why]
        if number < _MANY:
            yield from map(render_left_out, alike)
            continue
        yield f"#   {number:,} times: {clean(why)}"
        names = ", ".join(clean(item.table) for item in alike)
        yield from (
            f"#     {line}" for line in textwrap.wrap(names, WIDTH - _STEP - 6, break_on_hyphens=False)
        )
