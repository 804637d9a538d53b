"""
What a statement gave back.

In: columns, rows. Out: Result, Preview, Outcome. I/O: none; pandas and pyarrow where they are installed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, overload

from pgmoat.guard.diagnose.reason import Reason
from pgmoat.runtime.frames import make_frame, make_table

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Result(Sequence[Row]):
    """
    Rows, and what must be known about them; a sequence of its rows.

    ``affected`` is the number of rows that were written, in all entities, or of rows read. ``truncated``:
    there were more than the policy's ``guard.result_rows`` or ``guard.result_bytes``. ``replayed``: the write
    was done before, with the same key, and this is its stored result. ``statement_id`` is the number of the
    write's last record in ``pgmoat.statement``, None for reads and for writes of nothing. ``reasons``: why a
    query has no rows, or counts none, or a write fits no row; their sentences are among the warnings, too.
    """

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    affected: int
    truncated: bool = False
    warnings: tuple[str, ...] = ()
    replayed: bool = False
    statement_id: int | None = None
    key: str | None = field(default=None, repr=False)
    reasons: tuple[Reason, ...] = ()

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Row, ...]: ...
    def __getitem__(self, index: int | slice) -> Row | tuple[Row, ...]:
        """Return a row, or some."""
        return self.rows[index]

    def __len__(self) -> int:
        """Return the number of rows that are here; ``truncated`` says whether there were more."""
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        """Yield the rows."""
        return iter(self.rows)

    def to_pandas(self) -> Any:
        """
        Return a pandas DataFrame of the rows; whole numbers stay whole beside NULL (``Int64``).

        Raises:
            ImportError: pandas is not installed: ``pip install pgmoat[pandas]``.
        """
        return make_frame(self.columns, self.rows)

    def to_arrow(self) -> Any:
        """
        Return an Arrow table of the rows.

        What Arrow has no type for goes as text: JSON objects and mixed lists as JSON, networks, ranges,
        ``timetz``, numbers beyond its own.

        Raises:
            ImportError: pyarrow is not installed: ``pip install pgmoat[arrow]``.
        """
        return make_table(self.columns, self.rows)


@dataclass(frozen=True, slots=True)
class Change:
    """A row that a write would change; None where there is none, or no column that the agent may read."""

    entity: str
    operation: str  # insert, update, delete
    before: Row | None
    after: Row | None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a write would do; it was rolled back."""

    result: Result
    changes: tuple[Change, ...]

    @property
    def affected(self) -> int:
        """Rows that it would write."""
        return self.result.affected


@dataclass(frozen=True, slots=True)
class EntityColumn:
    """A column of an entity; *estimate*: of the entity's rows, None where it is not known or not told."""

    entity: str
    estimate: int | None
    name: str
    type: str
    doc: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    What became of a write or call that a person had to agree to.

    ``state``: pending; rejected, with the person's ``reason``; expired: repeat the write or call, and a
    person is asked again; done, with its ``result``.
    """

    id: int
    state: str
    operation: str  # write() for SQL of the agent's own
    why: str  # which rule of the policy asks for a person's word
    reason: str
    expires_at: datetime
    result: Result | None = None


def name_columns(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names of an answer's columns; a second ``id`` becomes ``id_2``: none hides another."""
    own: list[str] = []
    for name in names:
        number, unique = 2, name
        while unique in own or (unique != name and unique in names):
            unique, number = f"{name}_{number}", number + 1
        own.append(unique)
    return tuple(own)


def warn_of_rest(shown: int) -> str:
    """Return the warning that an answer was cut off, and how to go on."""
    return (
        f"there are more rows than the {shown} shown: aggregate, or page with ORDER BY a key and WHERE key >"
        " the last one shown"
    )


def warn_of_names(names: Sequence[str]) -> list[str]:
    """Return a warning where several columns have one name."""
    repeated = sorted({name for name in names if list(names).count(name) > 1})
    if not repeated:
        return []
    return [f"several columns are called {', '.join(repeated)}: the later ones have a number behind the name"]
