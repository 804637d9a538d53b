"""
Functions and procedures that a role may call, replace, or make run its own code.

In: Index, Holders. Out: claims, into a Collection; further Holders by hijacked functions. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from pgmoat.report.blast.closing import alter, close_grant, close_ownership
from pgmoat.report.blast.collect import Collection, Headline, make_way
from pgmoat.report.blast.definers import Hijack, body_of, find_hijack
from pgmoat.report.blast.holders import Holder, list_paths, superusers
from pgmoat.report.blast.index import Index
from pgmoat.report.blast.model import Confidence, Severity, Standing, Step, StepKind, Way
from pgmoat.report.blast.passing import touch
from pgmoat.report.blast.snapshot import PUBLIC, FunctionFact, GrantFact
from pgmoat.report.blast.standing import is_own_function, judge_grant

_MAX_HIJACKS = 8
_DANGEROUS = {
    "pg_read_file": ("read-files", "files of the server"),
    "pg_read_binary_file": ("read-files", "files of the server"),
    "pg_ls_dir": ("read-files", "directories of the server"),
    "pg_stat_file": ("read-files", "which files the server has"),
    "lo_import": ("read-files", "files of the server, into large objects"),
    "lo_export": ("write-files", "files of the server"),
    "pg_file_write": ("write-files", "files of the server"),
    "pg_file_rename": ("write-files", "files of the server"),
    "pg_file_unlink": ("write-files", "files of the server"),
    "pg_rotate_logfile": ("control-server", "the server's log"),
    "pg_reload_conf": ("control-server", "the server's settings"),
    "pg_promote": ("control-server", "whether a standby is one"),
    "pg_switch_wal": ("control-server", "the WAL"),
    "pg_create_restore_point": ("control-server", "the WAL"),
    "pg_backup_start": ("control-server", "backups"),
    "pg_stat_reset": ("control-server", "statistics"),
    "pg_stat_reset_shared": ("control-server", "statistics"),
    "pg_hba_file_rules": ("read-settings", "pg_hba.conf"),
    "pg_show_all_file_settings": ("read-settings", "the configuration files"),
    "pg_logical_slot_get_changes": ("read-wal", "changes of every table"),
    "pg_create_logical_replication_slot": ("read-wal", "changes of every table"),
}
"""Functions of PostgreSQL that only a superuser may call by default: what a GRANT of them gives."""

_CONNECTING = "dblink"


def collect_functions(index: Index, holders: Sequence[Holder], into: Collection) -> list[Holder]:
    """Take in what *holders* may call and replace; return the holders of hijacked functions' owners."""
    hijacked: list[Holder] = []
    everything = superusers(index, holders)
    for holder in holders:
        if holder.role in everything or holder.is_repeated:
            continue
        for function in index.snapshot.functions.values():
            is_owner = function.owner == holder.role
            if is_owner and not index.is_system(function.schema):
                _own(index, holder, function, into)
            if is_owner:
                continue
            for grant in index.grants_on["function", function.oid]:
                if grant.grantee == holder.role and index.rights.may_use_schema(
                    holder.session, function.schema
                ):
                    way = _call(index, holder, function, grant)
                    hijacked += _take(index, holder, function, way, into)
    return hijacked


def _call(index: Index, holder: Holder, function: FunctionFact, grant: GrantFact) -> Way:
    subject = index.subjects.function(function)
    kind = StepKind.PUBLIC if holder.role == PUBLIC else StepKind.GRANT
    text = f"EXECUTE on {subject.name}" + (", and may pass it on" if grant.is_grantable else "")
    is_plain = not holder.steps or holder.role == PUBLIC
    return make_way(
        index,
        holder,
        (Step(kind, subject.name, subject.sql, text),),
        closures=(close_grant(index, [grant], subject, function.owner),),
        standing=judge_grant(index, grant, subject) if is_plain else Standing.BEYOND,
    )


def _take(index: Index, holder: Holder, function: FunctionFact, way: Way, into: Collection) -> list[Holder]:
    """Take in one function that may be called."""
    is_own = is_own_function(index, index.schema_name(function.schema), function.sql)
    if index.is_system(function.schema):
        _take_system(index, function, way, into)
    elif function.is_definer:
        return _take_definer(index, holder, function, way, into)
    elif not function.is_trusted and function.language not in ("c", "internal"):
        _take_untrusted(index, function, way, into)
    elif function.extension is not None:
        _take_extension(index, function, way, into)
    elif not function.fires_as:
        subject = index.subjects.function(function)
        text = f"may call {subject.name}, which does what the caller may do"
        code = "call-pgmoat" if is_own and way.standing is Standing.POLICY else "call-function"
        into.add(Headline(code, subject, "EXECUTE", text, Severity.LOW), way)
    return []


def _take_system(index: Index, function: FunctionFact, way: Way, into: Collection) -> None:
    """Take in a function of PostgreSQL's own that somebody granted."""
    if way.standing is Standing.BASE:
        return
    grants = index.grants_on["function", function.oid]
    if any(one.is_default and index.role_name(one.grantee) == way.acts_as for one in grants):
        return
    subject = index.subjects.function(function)
    code, what = _DANGEROUS.get(function.name, ("call-system-function", ""))
    text = f"may call {subject.name}, which PostgreSQL keeps from most roles"
    severity = Severity.CRITICAL if code.endswith("-files") else Severity.MEDIUM
    into.add(Headline(code, subject, "EXECUTE", text + (f": {what}" if what else ""), severity), way)


def _take_untrusted(index: Index, function: FunctionFact, way: Way, into: Collection) -> None:
    subject = index.subjects.function(function)
    step = Step(
        StepKind.LANGUAGE, function.language, "", f"{function.language} runs outside of PostgreSQL's walls"
    )
    text = f"may call {subject.name}, in {function.language}: as the server's own user, held by no privilege"
    longer = replace(way, steps=(*way.steps, step), confidence=Confidence.BOUNDED)
    if longer.standing is Standing.BASE:
        longer = replace(longer, standing=Standing.BEYOND)
    into.add(Headline("untrusted-function", subject, "EXECUTE", text, Severity.HIGH), longer)


def _take_extension(index: Index, function: FunctionFact, way: Way, into: Collection) -> None:
    subject = index.subjects.function(function)
    if function.extension == _CONNECTING:
        text = f"may call {subject.name}: opens connections from the server, to itself among others"
        longer = replace(way, standing=Standing.BEYOND) if way.standing is Standing.BASE else way
        into.add(Headline("connect-out", subject, "EXECUTE", text, Severity.HIGH), longer)
        return
    code, what = _DANGEROUS.get(function.name, ("call-extension-function", ""))
    is_default = code == "call-extension-function"
    text = f"may call {subject.name} of extension {function.extension}" + (f": {what}" if what else "")
    into.add(Headline(code, subject, "EXECUTE", text, Severity.LOW if is_default else Severity.CRITICAL), way)


def _take_definer(
    index: Index, holder: Holder, function: FunctionFact, way: Way, into: Collection
) -> list[Holder]:
    """Take in a function that lends its owner's rights, and what its text does with them."""
    is_own = is_own_function(index, index.schema_name(function.schema), function.sql)
    subject = index.subjects.function(function)
    owner = index.roles.get(function.owner)
    name = index.role_name(function.owner)
    lent = replace(way, standing=Standing.BEYOND) if way.standing is Standing.BASE else way
    is_superuser = owner is not None and owner.is_superuser
    body = body_of(function)
    is_dynamic = body.is_dynamic and not is_own
    traits = [
        "as a trigger, once hung on a table of its own" if function.fires_as == "trigger" else "",
        "runs SQL that it puts together, from its arguments perhaps" if is_dynamic else "",
        "its text was not understood" if not body.is_understood and not function.has_sql_body else "",
    ]
    more = "; ".join(trait for trait in traits if trait)
    severity = Severity.HIGH if is_superuser or is_dynamic else Severity.MEDIUM
    severity = Severity.CRITICAL if is_superuser and is_dynamic else severity
    into.add(
        Headline(
            _name_code(index, function, way, is_own=is_own),
            subject,
            "EXECUTE",
            f"may call {subject.name}, which runs as {name}{', a superuser' if is_superuser else ''}"
            + (f"; {more}" if more else ""),
            Severity.LOW if is_own else severity,
            limit="what the text of the function does",
        ),
        lent,
    )
    step = Step(StepKind.DEFINER, name, index.role_sql(function.owner), f"runs as {name}")
    longer = replace(lent, steps=(*lent.steps, step), acts_as=name, confidence=Confidence.BOUNDED)
    if not is_own:
        touch(index, function, longer, into, "a function")
    hijack = find_hijack(index, function, holder.session)
    return _take_hijack(index, holder, lent, hijack, into) if hijack is not None else []


def _name_code(index: Index, function: FunctionFact, way: Way, *, is_own: bool) -> str:
    if not is_own or way.standing is not Standing.POLICY:
        return "definer-function"
    return "call-pgmoat" if index.is_own(function.schema) else "operation"


def _take_hijack(index: Index, holder: Holder, way: Way, hijack: Hijack, into: Collection) -> list[Holder]:
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
        closures=(pinned, *way.closures),
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


def _own(index: Index, holder: Holder, function: FunctionFact, into: Collection) -> None:
    """Take in a function that the role may replace: whoever runs it then runs the role's code."""
    subject = index.subjects.function(function)
    users = list(_list_users(index, function))
    closure = close_ownership(index, subject, function.owner)
    severity = Severity.HIGH if users else Severity.LOW
    text = f"owns {subject.name}, and may put other code into it"
    step = Step(StepKind.REPLACE, subject.name, subject.sql, f"owns {subject.name}")
    way = make_way(
        index,
        holder,
        (step,),
        closures=(closure,) if closure is not None else (),
        confidence=Confidence.POSSIBLE if users else Confidence.CERTAIN,
    )
    into.add(
        Headline(
            "replace-function",
            subject,
            "REPLACE",
            text + (f", which runs {'; '.join(users)}" if users else ""),
            severity,
        ),
        way,
    )


def _list_users(index: Index, function: FunctionFact) -> Iterator[str]:
    """Yield who runs a function besides its owner."""
    for trigger in index.snapshot.triggers:
        relation = index.snapshot.relations.get(trigger.function and trigger.relation)
        if trigger.function == function.oid and relation is not None:
            yield f"as whoever writes to {index.subjects.relation(relation).name}"
    views = [view for view, calls in index.behind.calls.items() if function.oid in calls]
    for view in views:
        relation = index.snapshot.relations.get(view)
        if relation is not None:
            yield f"as whoever reads {index.subjects.relation(relation).name}"
    if any(
        grant.grantee not in (function.owner, PUBLIC) for grant in index.grants_on["function", function.oid]
    ):
        yield "as whoever was granted it and calls it"
