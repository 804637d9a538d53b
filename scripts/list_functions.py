"""
List the built-in functions that only compute, for the guard.

In: none. Out: names on standard output, one a line, sorted. I/O: starts an embedded PostgreSQL 18.

To renew the list: .venv/bin/python scripts/list_functions.py > src/pgmoat/guard/functions.txt
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

from pgmoat.devpg.server import start
from pgmoat.postgres.connect import connect

_READ = """
SELECT p.proname,
       p.provolatile <> 'v' AND p.prokind IN ('f', 'a', 'w'),
       COALESCE(pg_catalog.obj_description(p.oid, 'pg_proc'), ''),
       pg_catalog.pg_get_function_arguments(p.oid) || ' -> ' || pg_catalog.pg_get_function_result(p.oid)
  FROM pg_catalog.pg_proc AS p
 WHERE p.pronamespace = 'pg_catalog'::regnamespace
 ORDER BY p.proname
"""

_DENIED = re.compile(
    r"""
      pg_ | has_ | txid_ | current_ | acl | to_reg | oidvector      # sessions, rights, catalogs
    | (session|system)_user$ | getpg | getdatabaseencoding$ | inet_(client|server)_
    | row_security_active$ | mxid | (icu_)?unicode_version$ | version$
    | .*_to_xml | ts_(rewrite|stat|parse|token_type|debug)$         # run a text as a query, read the catalog
    | get_current_ts_config$ | ts_lexize$ | (gin|gist|spg)_
    | .*(larger|smaller)$ | .*_(combine|transfn|canonical|subdiff|any)$ | hash_
    | int[48](dec|inc)$ | in_range$
    """,
    re.VERBOSE,
)

_INTERNAL = re.compile(
    r"\b(internal|cstring|trigger|event_trigger|\w+_handler|reg(?!config|dictionary)\w+|pg_ddl_command|oid)\b"
)

_IMPLEMENTATION = re.compile(
    r"implementation of|I/O|hash$|less-equal|internal|aggregate (transition|final)|$"
)

_KEPT = {  # volatile but harmless, asked for by SQL syntax, or the function of an operator that people call
    *("array_sample", "array_shuffle", "clock_timestamp", "gen_random_uuid", "random", "random_normal"),
    *("timeofday", "uuidv4", "uuidv7"),
    *("pg_collation_for", "pg_column_size", "pg_size_bytes", "pg_size_pretty", "pg_typeof"),
    *("array_cat", "jsonb_concat", "jsonb_delete", "jsonb_delete_path", "starts_with"),
    *("jsonb_exists", "jsonb_exists_all", "jsonb_exists_any"),
}


def list_functions() -> list[str]:
    """Return the names of which some function is fit and none is volatile, and those that are kept anyway."""
    with start() as server, connect(server.dsn) as connection:
        rows = connection.execute(_READ).fetchall()
    every = {name for name, *_ in rows}
    fit = {name for name, *rest in rows if _is_fit(name, *rest)}
    return sorted((fit - set(_list_volatile(rows))) | (_KEPT & every))


def _is_fit(name: str, computes: bool, doc: str, signature: str) -> bool:
    return (
        computes
        and not _DENIED.match(name)
        and not _INTERNAL.search(signature)
        and not _IMPLEMENTATION.match(doc)
    )


def _list_volatile(rows: list[tuple[str, bool, str, str]]) -> Iterator[str]:
    for name, computes, _, _ in rows:
        if not computes:
            yield name


if __name__ == "__main__":
    sys.stdout.write("".join(f"{name}\n" for name in list_functions()))
