"""
Names that agents can type: words written out, none twice, none that PostgreSQL or the policy refuses.

In: base names, their words. Out: entity and column names. I/O: none.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from pgmoat.policy.fields import IDENTIFIER_PATTERN
from pgmoat.policy.reserved import RESERVED_WORDS, SYSTEM_COLUMNS
from pgmoat.report.naming.inflection import plural, singular

_LONGEST = 63
_LONGEST_ENTITY = 50
"""So that what is named after it (its functions, its log) is not cut off by PostgreSQL."""


def name_entities(tables: Mapping[str, Sequence[str]], taken: Collection[str] = ()) -> dict[str, str]:
    """
    Return a name for each table (schema.table), given the words of its own name.

    The schema stands before it only where two would have one name; what is *taken* is given to none.
    """
    wanted = {table: _join(words, _LONGEST_ENTITY) or "table" for table, words in tables.items()}
    counts: dict[str, int] = {}
    for name in wanted.values():
        counts[name] = counts.get(name, 0) + 1
    names: dict[str, str] = {}
    used = set(taken)
    for table in sorted(tables):
        name = wanted[table]
        schema = _clean(table.partition(".")[0])
        candidates = [plural(name)] if not _is_free_word(name) else []
        if counts[name] == 1 and _is_free_word(name):
            candidates.append(name)
        candidates += [f"{schema}_{name}", f"{name}_table"]
        names[table] = _choose(candidates, used, _LONGEST_ENTITY)
        used.add(names[table])
    return names


def name_columns(
    columns: Mapping[str, Sequence[str]], entity: str, taken: Collection[str] = ()
) -> dict[str, str]:
    """
    Return a name for each base column, given the words of its name.

    A base name that is legible already keeps itself; others give way to it.
    """
    names: dict[str, str] = {}
    used = set(taken)
    for base, words in columns.items():
        if base == _join(words, _LONGEST) and _is_free_column(base) and base not in used:
            names[base] = base
            used.add(base)
    owner = singular(entity)
    for base, words in columns.items():
        if base in names:
            continue
        name = _join(words, _LONGEST) or "column"
        clean = _clean(base)
        candidates = [name] if _is_free_column(name) else [f"{owner}_{name}", f"{name}_value"]
        candidates += [clean] if clean and _is_free_column(clean) else []
        candidates += [f"{owner}_{name}"]
        names[base] = _choose(candidates, used, _LONGEST)
        used.add(names[base])
    return {base: names[base] for base in columns}


def _choose(candidates: Sequence[str], used: Collection[str], longest: int) -> str:
    """Return the first of *candidates* that is free; the first of all with a number if none is."""
    return next(name for name in _list_candidates(candidates, longest) if name not in used)


def _list_candidates(candidates: Sequence[str], longest: int) -> Iterator[str]:
    fitting = [
        name
        for name in (candidate[:longest].strip("_") for candidate in candidates)
        if re.fullmatch(IDENTIFIER_PATTERN, name) and _is_free_column(name)
    ]
    yield from fitting
    stem = fitting[0] if fitting else "name"
    for number in range(2, 10_000):
        yield f"{stem[: longest - len(str(number)) - 1]}_{number}"


def _is_free_word(name: str) -> bool:
    return name not in RESERVED_WORDS and not name.startswith("pg_")


def _is_free_column(name: str) -> bool:
    return _is_free_word(name) and name not in SYSTEM_COLUMNS


def _join(words: Sequence[str], longest: int) -> str:
    """Return *words* as one name that needs no quotes; empty when no letter is left of them."""
    name = _clean("_".join(words))
    while len(name) > longest and "_" in name:
        name = name.rpartition("_")[0]
    return name[:longest]


def _clean(text: str) -> str:
    name = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    return f"n_{name}" if name[:1].isdigit() else name
