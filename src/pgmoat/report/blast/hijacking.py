"""
SECURITY DEFINER functions that a role makes run its own code, and so becomes their owner.

In: Index, a way to the function. Out: claims, into a Collection; Holders of the owners' rights. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from pgmoat.report.blast.closing import alter
from pgmoat.report.blast.collect import Collection, Headline, make_way
from pgmoat.report.blast.definers import Hijack, find_hijack
from pgmoat.report.blast.holders import Holder, list_paths
from pgmoat.report.blast.index import Index
from pgmoat.report.blast.model import Confidence, Severity, Standing, Step, StepKind, Way
from pgmoat.report.blast.snapshot import PUBLIC, FunctionFact

_MAX_HIJACKS = 8


def collect_event_triggers(index: Index, holders: Sequence[Holder], into: Collection) -> list[Holder]:
    """Take in event triggers' functions: PostgreSQL runs them for every CREATE, and asks for no EXECUTE."""
    hijacked: list[Holder] = []
    for trigger in index.objects_of("event trigger"):
        function = index.snapshot.functions.get(int(trigger.detail or 0))
        if function is None or not function.is_definer:
            continue
        subject = index.subjects.function(function)
        text = f"event trigger {trigger.name} runs {subject.name} as {subject.owner} for whatever it creates"
        step = Step(StepKind.TRIGGER, subject.name, subject.sql, text)
        for holder in holders:
            role = index.roles.get(holder.role)
            if not holder.is_session or role is None or role.is_superuser:
                continue
            hijack = find_hijack(index, function, holder.session)
            if hijack is not None:
                way = make_way(index, holder, (step,), confidence=Confidence.BOUNDED)
                hijacked += take_hijack(index, holder, way, hijack, into)
    return hijacked


def take_hijack(index: Index, holder: Holder, way: Way, hijack: Hijack, into: Collection) -> list[Holder]:
    """Take in that the caller becomes the function's owner, and return the holder of the owner's rights."""
    function = hijack.function
    owner = index.roles.get(function.owner)
    if owner is None or function.owner in (holder.role, holder.session):
        return []
    subject = index.subjects.function(function)
    statement = f"ALTER {subject.kind.upper()} {subject.sql}"
    pinned = alter(
        subject,
        about=f"{subject.name} finds names in pg_catalog and what its text qualifies, whoever calls",
        sql=f"{statement} SET search_path = pg_catalog, {_home(index, function)}pg_temp",
        back=_restore(function, statement),
    )
    step = Step(StepKind.HIJACK, owner.name, index.role_sql(owner.oid), f"becomes {owner.name}: {hijack.how}")
    confidence = max(way.confidence, hijack.confidence, key=list(Confidence).index)
    longer = replace(
        way,
        steps=(*way.steps, step),
        acts_as=owner.name,
        confidence=confidence,
        closures=((pinned,) if hijack.is_path else ()) + way.closures,
        standing=Standing.BEYOND,
    )
    text = f"may run its own code as {owner.name} through {subject.name}: {hijack.how}"
    severity = Severity.CRITICAL if owner.is_superuser else Severity.HIGH
    if hijack.confidence is Confidence.POSSIBLE:
        text = text.replace("may run", "may perhaps run", 1)
        into.add(Headline("hijack-function", subject, "EXECUTE", text, Severity.MEDIUM), longer)
        return []
    into.add(Headline("hijack-function", subject, "EXECUTE", text, severity), longer)
    return [Holder(owner.oid, owner.oid, longer.steps, longer.closures, confidence, is_session=True)]


def _home(index: Index, function: FunctionFact) -> str:
    """Return the function's schema for its search_path, unless others may create there."""
    schema = index.find("schema", function.schema)
    open_to_public = any(
        grant.grantee == PUBLIC and grant.privilege == "CREATE"
        for grant in index.grants_on["schema", function.schema]
    )
    return f'"{schema.name}", '.replace('""', '"') if schema is not None and not open_to_public else ""


def _restore(function: FunctionFact, start: str) -> str:
    for setting in function.settings:
        name, _, value = setting.partition("=")
        if name.lower() == "search_path":
            return f"{start} SET search_path = {value}"
    return f"{start} RESET search_path"


def follow_hijacks(index: Index, hijacked: Iterable[Holder], known: set[int]) -> list[Holder]:
    """Return the owners of hijacked functions and what they inherit, for owners not in *known*."""
    found: list[Holder] = []
    count: dict[int, int] = {}
    for holder in hijacked:
        count[holder.role] = count.get(holder.role, 0) + 1
        if holder.role in known or count[holder.role] > _MAX_HIJACKS:
            continue
        found += [holder] if index.roles[holder.role].is_superuser else [holder, *list_paths(index, holder)]
    return found
