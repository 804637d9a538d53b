"""psycopg has the private names that a pipeline without a Flush is made of."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import AsyncConnection, Connection
from psycopg.pq import PGconn

from pgmoat.runtime.asynchronous import pipeline as asynchronous
from pgmoat.runtime.synchronous import pipeline as synchronous


def test_psycopg_has_the_names() -> None:
    """If this fails, runtime/asynchronous/pipeline.py is to be written anew for this psycopg."""
    nowhere = PGconn.connect_start(b"host=/nowhere")
    assert synchronous.can_be_quiet(Connection[Any](nowhere)), psycopg.__version__
    assert asynchronous.can_be_quiet(AsyncConnection[Any](nowhere)), psycopg.__version__
