"""
GRANT and REVOKE of privileges on one object, for several roles at once.

In: Grants. Out: SQL. I/O: none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pgmoat.harden.rights import Thing
from pgmoat.model.objects import Grant
from pgmoat.plan import quote
from pgmoat.postgres.sqltext import Printed, compose, join

_QUOTED = re.compile(r'"((?:[^"]|"")*)"')


def grant_sql(grants: Sequence[Grant]) -> str:
    """Return the GRANT of *grants*, each privilege to each grantee of them."""
    first = grants[0]
    parts = {"privileges": _list_privileges(grants), "grantees": _list_grantees(grants)}
    if first.object_kind.startswith("default "):
        return compose(
            "ALTER DEFAULT PRIVILEGES {scope} GRANT {privileges} ON {kind} TO {grantees}",
            scope=Printed(first.object),
            kind=_name_default(first),
            **parts,
        )
    return compose("GRANT {privileges} ON {object} TO {grantees}", object=_name_object(first), **parts)


def revoke_sql(grants: Sequence[Grant]) -> str:
    """Return the REVOKE of *grants*, each privilege from each grantee of them."""
    first = grants[0]
    parts = {"privileges": _list_privileges(grants), "grantees": _list_grantees(grants)}
    if first.object_kind.startswith("default "):
        return compose(
            "ALTER DEFAULT PRIVILEGES {scope} REVOKE {privileges} ON {kind} FROM {grantees}",
            scope=Printed(first.object),
            kind=_name_default(first),
            **parts,
        )
    return compose("REVOKE {privileges} ON {object} FROM {grantees}", object=_name_object(first), **parts)


def name_thing(thing: Thing) -> str:
    """Return the object's name as a person reads it: without quotes."""
    return unquote(thing.object)


def unquote(text: str) -> str:
    """Return *text* with each quoted name as it is."""
    return _QUOTED.sub(lambda match: match[1].replace('""', '"'), text)


def name_reach(grant: Grant) -> tuple[str, str, str]:
    """Return *grant* as Reach has it."""
    kind = {"procedure": "function", "large object": "large-object"}.get(grant.object_kind, grant.object_kind)
    if kind in ("schema", "database"):
        kind += "-create"
    name = grant.object if kind == "function" else unquote(grant.object)
    if grant.column is not None:
        return "column", f"{name}.{grant.column}", grant.privilege
    return kind, name, grant.privilege


def _name_object(grant: Grant) -> Printed:
    return Printed(f"{grant.object_kind.upper()} {grant.object}")


def _name_default(grant: Grant) -> Printed:
    return Printed(grant.object_kind.removeprefix("default ").upper())


def _list_privileges(grants: Sequence[Grant]) -> Printed:
    column = grants[0].column
    names = dict.fromkeys(grant.privilege for grant in grants)
    if column is None:
        return Printed(", ".join(names))
    return join(Printed(compose("{} ({})", Printed(name), quote.name(column))) for name in names)


def _list_grantees(grants: Sequence[Grant]) -> Printed:
    return join(quote.grantee(name) for name in dict.fromkeys(grant.grantee for grant in grants))
