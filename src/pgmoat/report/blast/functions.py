"""
Functions and procedures that a role may call, replace, or make run its own code.

In: Index, Holders. Out: claims, into a Collection; further Holders by hijacked functions. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pgmoat.report.blast.closing import close_grant, close_ownership
from pgmoat.report.blast.collect import Collection, Headline, make_way
from pgmoat.report.blast.definers import find_hijack
from pgmoat.report.blast.hijacking import take_hijack
from pgmoat.report.blast.holders import Holder, superusers
from pgmoat.report.blast.index import Index
from pgmoat.report.blast.model import Confidence, Severity, Standing, Step, StepKind, Way
from pgmoat.report.blast.snapshot import PUBLIC, FunctionFact, GrantFact
from pgmoat.report.blast.standing import is_own_function, judge_grant
from pgmoat.report.blast.touching import describe_definer, touch

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
    "pg_logical_slot_get_binary_changes": ("read-wal", "changes of every table"),
    "pg_logical_slot_peek_changes": ("read-wal", "changes of every table"),
    "pg_logical_slot_peek_binary_changes": ("read-wal", "changes of every table"),
    "pg_copy_logical_replication_slot": ("read-wal", "changes of every table"),
    "pg_create_logical_replication_slot": ("read-wal", "changes of every table"),
}
"""Functions of PostgreSQL that only a superuser may call by default: what a GRANT of them gives."""

_CONNECTING = "dblink"
_OUTSIDE = ("pg_read_", "pg_ls_", "pg_stat_file", "be_lo_import", "be_lo_export")
"""How the names of PostgreSQL's own C functions begin that read and write files of the server."""


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
    elif function.extension is not None and function.language in ("c", "internal"):
        _take_extension(index, function, way, into)
    elif not function.is_trusted and function.kind != "a":
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
    text = f"may call {subject.name}, which not every role may call"
    severity = Severity.CRITICAL if code.endswith("-files") else Severity.MEDIUM
    into.add(Headline(code, subject, "EXECUTE", text + (f": {what}" if what else ""), severity), way)


def _take_untrusted(index: Index, function: FunctionFact, way: Way, into: Collection) -> None:
    subject = index.subjects.function(function)
    step = Step(
        StepKind.LANGUAGE, function.language, "", f"{function.language} runs outside of PostgreSQL's walls"
    )
    text = f"may call {subject.name}, in {function.language}: as the server's own user, held by no privilege"
    severity = Severity.HIGH
    if function.language == "internal":
        text = (
            f"may call {subject.name}, which is PostgreSQL's own {function.source}, whoever may call that one"
        )
        severity = Severity.CRITICAL if function.source.startswith(_OUTSIDE) else Severity.HIGH
    longer = replace(way, steps=(*way.steps, step), confidence=Confidence.BOUNDED)
    if longer.standing is Standing.BASE:
        longer = replace(longer, standing=Standing.BEYOND)
    into.add(Headline("untrusted-function", subject, "EXECUTE", text, severity), longer)


def _take_extension(index: Index, function: FunctionFact, way: Way, into: Collection) -> None:
    subject = index.subjects.function(function)
    if function.extension == _CONNECTING:
        text = f"may call {subject.name}: opens connections from the server, to itself among others"
        longer = replace(way, standing=Standing.BEYOND) if way.standing is Standing.BASE else way
        is_unsafe = function.name == "dblink_connect_u"
        if is_unsafe:
            text += ", without a password of the caller's: as the server's own user perhaps"
        severity = Severity.CRITICAL if is_unsafe else Severity.HIGH
        into.add(Headline("connect-out", subject, "EXECUTE", text, severity), longer)
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
    name = index.role_name(function.owner)
    lent = replace(way, standing=Standing.BEYOND) if way.standing is Standing.BASE else way
    headline = describe_definer(index, function)
    into.add(replace(headline, code=_name_code(index, function, way, is_own=is_own)), lent)
    step = Step(StepKind.DEFINER, name, index.role_sql(function.owner), f"runs as {name}")
    longer = replace(lent, steps=(*lent.steps, step), acts_as=name, confidence=Confidence.BOUNDED)
    if not is_own:
        touch(index, function, longer, into, "a function")
    hijack = find_hijack(index, function, holder.session)
    return take_hijack(index, holder, lent, hijack, into) if hijack is not None else []


def _name_code(index: Index, function: FunctionFact, way: Way, *, is_own: bool) -> str:
    if not is_own or way.standing is not Standing.POLICY:
        return "definer-function"
    return "call-pgmoat" if index.is_own(function.schema) else "operation"


def _own(index: Index, holder: Holder, function: FunctionFact, into: Collection) -> None:
    """Take in a function that the role may replace: whoever runs it then runs the role's code."""
    subject = index.subjects.function(function)
    users = list(_list_users(index, function))
    closure = close_ownership(index, subject, function.owner)
    # CREATE OR REPLACE asks for CREATE on the schema, of the owner too.
    can_replace = index.schema_name(function.schema) in index.rights.may_create_in(holder.session)
    severity = Severity.HIGH if users and can_replace else Severity.MEDIUM if users else Severity.LOW
    text = f"owns {subject.name}, and may {'put other code into it' if can_replace else 'drop and alter it'}"
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
