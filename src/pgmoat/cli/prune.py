"""
``pgmoat prune``: drop the oldest days of what the watchdog recorded.

In: how long to keep. Out: what was dropped, as a table or JSON. I/O: PostgreSQL, the terminal.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

import typer

from pgmoat.cli.options import DsnOption, JsonOption
from pgmoat.cli.output import print_json
from pgmoat.cli.table import print_table
from pgmoat.errors import Error
from pgmoat.ledger.prune import Partition, check_right, choose_partitions, drop_partition, read_partitions
from pgmoat.policy.units import parse_milliseconds
from pgmoat.postgres.connect import connect, resolve_dsn

_LEAST = timedelta(days=1)


def prune(
    keep: Annotated[str, typer.Option(help="How long to keep the record: 30d, 365d.")] = "90d",
    keep_detail: Annotated[
        str, typer.Option(help="How long to keep it by task, step and statement, which takes the most room.")
    ] = "14d",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be dropped.")] = False,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> int:
    """
    Drop the oldest days of what the watchdog recorded, whole days at a time. Incidents and history stay.

    Example: [bold]pgmoat prune --keep 30d --dry-run[/]
    """
    kept, kept_detail = _parse("--keep", keep), _parse("--keep-detail", keep_detail)
    left: list[Partition] = []
    with connect(resolve_dsn(dsn, os.environ)) as connection:
        old = choose_partitions(read_partitions(connection), kept, kept_detail)
        if not dry_run:
            check_right(old)
            left = [partition for partition in old if not drop_partition(connection, partition)]
    gone = [partition for partition in old if partition not in left]
    if as_json:
        print_json({"dry_run": dry_run, "dropped": _describe(gone), "left": _describe(left)})
    else:
        _print(gone, dry_run=dry_run)
    if left:
        raise Error(
            f"{len(left)} could not be dropped: others use them all the time",
            detail="\n".join(partition.name for partition in left),
            hint="Run it again when less is read.",
        )
    return 0


def _parse(option: str, text: str) -> timedelta:
    try:
        age = timedelta(milliseconds=parse_milliseconds(text))
    except (ValueError, OverflowError) as error:
        raise Error(f"{option}: {error}") from error
    if age < _LEAST:
        raise Error(f"{option}: {text} is less than a day")
    return age


def _describe(partitions: Sequence[Partition]) -> list[dict[str, object]]:
    return [
        {"table": each.parent, "partition": each.name, "until": each.until.isoformat(), "bytes": each.bytes}
        for each in partitions
    ]


def _print(gone: Sequence[Partition], *, dry_run: bool) -> None:
    if not gone:
        sys.stdout.write("nothing is older\n")
        return
    print_table(
        ("table", "day", "size"),
        (
            (each.parent, f"{each.until - timedelta(days=1):%F}", f"{each.bytes / 1e6:.1f} MB")
            for each in gone
        ),
    )
    total = sum(each.bytes for each in gone) / 1e6
    sys.stdout.write(f"{'would drop' if dry_run else 'dropped'} {len(gone)}, {total:.1f} MB\n")
