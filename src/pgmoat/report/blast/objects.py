"""
Everything else with an owner or privileges: schemas, databases, languages, servers, large objects…

In: Index, Holders. Out: claims, into a Collection. I/O: none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pgmoat.model.closure import Closure
from pgmoat.report.blast.closing import close_grant, close_ownership, others
from pgmoat.report.blast.collect import Collection, Headline, make_way
from pgmoat.report.blast.holders import Holder, superusers
from pgmoat.report.blast.index import Index
from pgmoat.report.blast.model import Severity, Standing, Step, StepKind, Subject
from pgmoat.report.blast.names import SYSTEM_SCHEMAS, quote
from pgmoat.report.blast.snapshot import PUBLIC, DefaultFact, GrantFact, ObjectFact
from pgmoat.report.blast.standing import judge_grant


@dataclass(frozen=True, slots=True)
class _Meaning:
    code: str
    text: str  # after "may"; {} is the object's name
    severity: Severity


_MEANINGS = {
    ("schema", "USAGE"): _Meaning("use-schema", "find objects in schema {}", Severity.LOW),
    ("schema", "CREATE"): _Meaning(
        "create-in-schema", "make tables, functions and types in schema {}", Severity.MEDIUM
    ),
    ("database", "CONNECT"): _Meaning("connect-database", "log in to database {}", Severity.MEDIUM),
    ("database", "TEMPORARY"): _Meaning(
        "temporary-tables",
        "make temporary tables in {}: disk, and operators that see planner statistics",
        Severity.MEDIUM,
    ),
    ("database", "CREATE"): _Meaning(
        "create-schema", "make schemas and publications in database {}", Severity.MEDIUM
    ),
    ("language", "USAGE"): _Meaning("use-language", "write functions and DO blocks in {}", Severity.LOW),
    ("foreign data wrapper", "USAGE"): _Meaning(
        "create-server",
        "make foreign servers with {}: connect out, or read files with file_fdw",
        Severity.HIGH,
    ),
    ("foreign server", "USAGE"): _Meaning(
        "use-server", "make foreign tables and a user mapping of its own on server {}", Severity.HIGH
    ),
    ("tablespace", "CREATE"): _Meaning("use-tablespace", "put tables into tablespace {}", Severity.LOW),
    ("large object", "SELECT"): _Meaning("read-large-object", "read large object {}", Severity.HIGH),
    ("large object", "UPDATE"): _Meaning("write-large-object", "change large object {}", Severity.HIGH),
    ("type", "USAGE"): _Meaning("use-type", "use type {} in its own tables", Severity.LOW),
    ("parameter", "SET"): _Meaning(
        "set-parameter", "set {} for its session, which PostgreSQL keeps for superusers", Severity.HIGH
    ),
    ("parameter", "ALTER SYSTEM"): _Meaning("alter-system", "set {} for the whole server", Severity.CRITICAL),
}
_OWNED = {
    "schema": ("own-schema", "owns schema {}: may drop everything in it, whoever owns that", Severity.HIGH),
    "database": (
        "own-database",
        "owns database {}: may drop it, change its settings for everybody, act as pg_database_owner in it",
        Severity.CRITICAL,
    ),
    "foreign server": (
        "own-server",
        "owns foreign server {}: sees its public mappings, and may point it elsewhere",
        Severity.HIGH,
    ),
    "foreign data wrapper": ("own-object", "owns foreign data wrapper {}", Severity.HIGH),
    "language": ("own-object", "owns language {}", Severity.MEDIUM),
    "tablespace": ("own-object", "owns tablespace {}", Severity.LOW),
    "type": ("own-object", "owns type {}: may drop it with the columns that use it", Severity.HIGH),
    "large object": ("own-large-object", "owns large object {}", Severity.LOW),
    "publication": (
        "own-publication",
        "owns publication {}: may publish tables that it owns to anybody",
        Severity.MEDIUM,
    ),
    "subscription": ("own-subscription", "owns subscription {}: may point it elsewhere", Severity.HIGH),
    "event trigger": ("own-object", "owns event trigger {}: it runs for everybody's DDL", Severity.CRITICAL),
    "extension": ("own-object", "owns extension {}: may drop it with all that uses it", Severity.HIGH),
}


def collect_objects(index: Index, holders: Sequence[Holder], into: Collection) -> None:
    """Take in what *holders* may do to everything that is neither relation nor function."""
    everything = superusers(index, holders)
    for holder in holders:
        if holder.role in everything or holder.is_repeated:
            continue
        for grant in index.grants_to[holder.role]:
            fact = index.find(grant.kind, grant.object)
            if fact is not None:
                _take_grant(index, holder, fact, grant, into)
        for fact in index.snapshot.objects:
            if fact.owner == holder.role and fact.kind in _OWNED and not _is_builtin(fact):
                _take_owned(index, holder, fact, into)


def _is_builtin(fact: ObjectFact) -> bool:
    return fact.kind == "schema" and fact.name in SYSTEM_SCHEMAS


def _take_grant(index: Index, holder: Holder, fact: ObjectFact, grant: GrantFact, into: Collection) -> None:
    meaning = _MEANINGS.get((fact.kind, grant.privilege))
    if meaning is None or (_is_builtin(fact) and grant.is_default):
        return
    subject = index.subjects.object(fact)
    is_other = fact.kind == "database" and fact.name != index.snapshot.server.database
    if is_other and (fact.detail == "closed" or grant.privilege == "TEMPORARY"):
        return
    here = fact.kind == "database" and grant.privilege == "CONNECT" and not is_other
    kind = StepKind.PUBLIC if holder.role == PUBLIC else StepKind.GRANT
    option = ", and may pass it on" if grant.is_grantable else ""
    step = Step(
        kind, subject.name, subject.sql, f"{grant.privilege} on {subject.kind} {subject.name}{option}"
    )
    closure = close_grant(index, [grant], subject, fact.owner)
    is_plain = not holder.steps or holder.role == PUBLIC
    standing = judge_grant(index, grant, subject) if is_plain else Standing.BEYOND
    severity, text = meaning.severity, meaning.text.format(subject.name)
    if meaning.code == "create-in-schema" and _is_on_others_path(index, fact.name):
        severity, text = Severity.HIGH, text + ", which stands in the search_path of others"
    if is_other:
        text += "; what it reaches there: --databases"
    into.add(
        Headline(meaning.code, subject, grant.privilege, "may " + text, Severity.LOW if here else severity),
        make_way(index, holder, (step,), closures=(closure,), standing=standing),
    )


def _is_on_others_path(index: Index, schema: str) -> bool:
    """Whether names are looked up in the schema by somebody who says nothing."""
    settings = [*index.snapshot.database_settings, *(s for r in index.roles.values() for s in r.settings)]
    paths = [setting.partition("=")[2] for setting in settings if setting.startswith("search_path=")]
    paths += [setting.value for setting in index.snapshot.settings if setting.name == "search_path"]
    return any(schema in [part.strip().strip('"') for part in path.split(",")] for path in paths)


def _take_owned(index: Index, holder: Holder, fact: ObjectFact, into: Collection) -> None:
    code, text, severity = _OWNED[fact.kind]
    if fact.kind == "schema" and not _holds_others(index, fact):
        severity = Severity.MEDIUM
    subject = index.subjects.object(fact)
    closure = close_ownership(index, subject, fact.owner)
    step = Step(StepKind.OWNER, subject.name, subject.sql, f"owns {subject.kind} {subject.name}")
    way = make_way(index, holder, (step,), closures=(closure,) if closure is not None else ())
    into.add(Headline(code, subject, "OWN", text.format(subject.name), severity), way)
    for (kind, privilege), meaning in _MEANINGS.items():
        if kind == fact.kind and not (kind == "database" and privilege == "CONNECT"):
            into.add(
                Headline(
                    meaning.code,
                    subject,
                    privilege,
                    "may " + meaning.text.format(subject.name),
                    meaning.severity,
                ),
                way,
            )


def _holds_others(index: Index, schema: ObjectFact) -> bool:
    return any(
        relation.schema == schema.oid and relation.owner != schema.owner
        for relation in index.snapshot.relations.values()
    )


def collect_mappings(index: Index, holders: Sequence[Holder], into: Collection) -> None:
    """Take in user mappings that the role uses, and whose password it can read in pg_user_mappings."""
    for holder in holders:
        for mapping in index.snapshot.mappings:
            server = index.find("foreign server", mapping.server)
            if server is None or mapping.has_password is False or mapping.role != holder.role:
                continue
            _take_mapping(index, holder, server, into, is_known=mapping.has_password is True)


def _take_mapping(
    index: Index, holder: Holder, server: ObjectFact, into: Collection, *, is_known: bool
) -> None:
    is_usable = index.rights.has(holder.session, "foreign server", server.oid, "USAGE", server.owner)
    subject = index.subjects.object(server)
    who = index.role_sql(holder.role)
    mapping = Subject("user mapping", f"{index.role_name(holder.role)} on {server.name}", "", 0, "")
    text = f"a password for server {server.name} is stored for {index.role_name(holder.role)}"
    if not is_known:
        text = text.replace("a password", "perhaps a password")
    is_readable = is_usable and holder.role != PUBLIC
    reads = (
        ": readable in pg_user_mappings, and used by foreign tables and dblink"
        if is_readable
        else (": used by the foreign tables that it may read")
    )
    step = Step(
        StepKind.MAPPING, mapping.name, subject.sql, f"user mapping of {index.role_name(holder.role)}"
    )
    closure = _drop_mapping(index, holder, server, who)
    way = make_way(index, holder, (step,), closures=(closure,))
    severity = Severity.HIGH if is_readable else Severity.MEDIUM
    into.add(
        Headline("stored-password", mapping, "READ" if is_readable else "USE", text + reads, severity), way
    )


def _drop_mapping(index: Index, holder: Holder, server: ObjectFact, who: str) -> Closure:
    subject = index.subjects.object(server)
    return Closure(
        area="mapping",
        object=f"user mapping {index.role_name(holder.role)} on {server.name}",
        about=f"no password for {server.name} is stored for {index.role_name(holder.role)}",
        sql=(f"DROP USER MAPPING FOR {who} SERVER {subject.sql}",),
        revert=(),
        hurts=others(index, (holder.role,)),
        needs=f"owner of {server.name}; its options cannot be shown here, note them first",
    )


def collect_defaults(index: Index, holders: Sequence[Holder], into: Collection) -> None:
    """Take in what objects that are made later will grant."""
    for holder in holders:
        for fact in index.snapshot.defaults:
            if fact.grantee != holder.role:
                continue
            schema = index.schema_name(fact.schema) if fact.schema else ""
            creator = index.role_name(fact.creator)
            place = f" in schema {schema}" if schema else ""
            subject = Subject("default privileges", f"{fact.kind} of {creator}{place}")
            text = f"will have {fact.privilege} on {fact.kind} that {creator} makes{place}"
            step = Step(
                StepKind.DEFAULT_PRIVILEGES, subject.name, "", f"default privileges of {creator}{place}"
            )
            way = make_way(index, holder, (step,), closures=(_close_default(index, fact),))
            severity = Severity.HIGH if fact.kind == "tables" else Severity.MEDIUM
            into.add(Headline("future-objects", subject, fact.privilege, text, severity), way)


def _close_default(index: Index, fact: DefaultFact) -> Closure:
    place = f" IN SCHEMA {quote(index.schema_name(fact.schema))}" if fact.schema else ""
    scope = f"ALTER DEFAULT PRIVILEGES FOR ROLE {index.role_sql(fact.creator)}{place}"
    what = f"{fact.privilege} ON {fact.kind.upper()}"
    option = " WITH GRANT OPTION" if fact.is_grantable else ""
    who = index.role_sql(fact.grantee)
    return Closure(
        area="default-privileges",
        object=f"{fact.kind} of {index.role_name(fact.creator)}",
        about=f"{index.role_name(fact.grantee)} gets no {fact.privilege} on {fact.kind} to come",
        sql=(f"{scope} REVOKE {what} FROM {who}",),
        revert=(f"{scope} GRANT {what} TO {who}{option}",),
        hurts=others(index, (fact.grantee,)),
        needs=f"a member of {index.role_name(fact.creator)}, or superuser",
    )
