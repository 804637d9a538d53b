"""
``pgmoat blast --databases``: look into the other databases of the server, too.

In: a blast radius, a DSN. Out: a blast radius. I/O: PostgreSQL.
"""

from __future__ import annotations

import psycopg
from psycopg.conninfo import make_conninfo

from pgmoat.errors import ConnectionFailedError
from pgmoat.postgres.connect import connect
from pgmoat.report.blast.elsewhere import add_databases, list_other_databases
from pgmoat.report.blast.measure import measure_blast
from pgmoat.report.blast.model import Blast


def look_elsewhere(blast: Blast, dsn: str) -> Blast:
    """Return *blast* with what the role reaches in every other database that it may log in to."""
    others: list[Blast] = []
    notes: list[str] = []
    for name in list_other_databases(blast):
        try:
            with connect(make_conninfo(dsn, dbname=name)) as connection:
                others.append(measure_blast(connection, blast.role, any_role=True))
        except (ConnectionFailedError, psycopg.Error) as error:
            reason = str(error).partition("\n")[0]
            notes.append(f"what {blast.role} reaches in database {name} could not be read: {reason}")
    return add_databases(blast, others, notes)
