"""
How an open way reads: the object, and what every role may do with it.

In: a Thing, privileges. Out: text. I/O: none.
"""

from __future__ import annotations

from collections.abc import Sequence

from pgmoat.compiler.checks.wording import join_words
from pgmoat.harden.rights import Thing
from pgmoat.harden.statements import name_thing, unquote

_SENTENCES = {
    ("database", "TEMPORARY"): "may make temporary tables",
    ("database", "CONNECT"): "may connect",
    ("database", "CREATE"): "may make schemas",
    ("schema", "CREATE"): "may make objects in it",
    ("schema", "USAGE"): "may look up names in it",
    ("language", "USAGE"): "may run DO blocks and make functions in it",
    ("default functions", "EXECUTE"): "may call functions that are made later",
}
_CATALOG = {
    "pg_cancel_backend": "may cancel what other sessions of its own role run",
    "pg_terminate_backend": "may end other sessions of its own role",
    "lo_import": "may read files of the server",
    "lo_export": "may write files on the server",
}


def describe(thing: Thing) -> str:
    """Return the object as a person reads it."""
    if thing.object_kind.startswith("default "):
        scope = unquote(thing.object).removeprefix("FOR ROLE ").replace(" IN SCHEMA ", " in schema ")
        return f"new {thing.object_kind.removeprefix('default ')} of {scope}"
    if thing.column is not None:
        return f"column {name_thing(thing)}.{thing.column}"
    # regprocedure quotes where it must; the argument types are part of the name.
    name = thing.object if thing.object_kind in ("function", "procedure") else name_thing(thing)
    return f"{thing.object_kind} {name}"


def note_on(thing: Thing, privileges: Sequence[str]) -> str:
    """Return what a role may do that holds *privileges* on *thing*: "may make temporary tables"."""
    if thing.trait == "catalog":
        name = thing.object.removeprefix("pg_catalog.").partition("(")[0]
        if name in _CATALOG:
            return _CATALOG[name]
        return "may take any advisory lock" if "advisory" in name else "may make large objects"
    if thing.object_kind in ("function", "procedure"):
        rights = f" with the rights of {thing.owner}" if thing.trait.endswith("definer") else ""
        return f"may call it{rights}"
    known = [_SENTENCES.get((thing.object_kind, privilege)) for privilege in privileges]
    if all(known):
        return join_words(text for text in known if text is not None)
    return f"has {join_words(privileges)} on it"
