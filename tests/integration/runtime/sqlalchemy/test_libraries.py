"""Libraries that take an engine work unchanged."""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import Any

import pytest
from sqlalchemy import Engine, text

from pgmoat import errors
from pgmoat.runtime import Moat
from tests.moat_fixtures import Moat as Site

reader: Any = import_module("pandas")
with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # it is being sunset, and used
    SQLDatabase: Any = import_module("langchain_community.utilities").SQLDatabase


def test_pandas_reads(engine: Engine, tasks: Moat) -> None:
    with tasks.task("support", "50%"):
        frame = reader.read_sql("SELECT id, status FROM orders WHERE id <= 3 ORDER BY id", engine)
        assert frame["id"].tolist() == [1, 2, 3]
        with engine.connect() as connection:
            query = text("SELECT id FROM orders WHERE id = :id AND note IS NULL OR note LIKE '50%'")
            assert len(reader.read_sql(query, connection, params={"id": 6})) == 1
        assert len(reader.read_sql_table("orders", engine, columns=["id"])) == 2000
        chunks = reader.read_sql("SELECT id FROM orders", engine, chunksize=1500)
        assert [len(chunk) for chunk in chunks] == [1500, 500]
    with pytest.raises(reader.errors.DatabaseError) as caught:
        reader.read_sql("SELECT id FROM orders", engine)
    assert isinstance(caught.value.__cause__, errors.NoTaskError)


@pytest.mark.parametrize("schema", [None, "agent"])
def test_langchain(engine: Engine, tasks: Moat, shop: Site, schema: str | None) -> None:
    database = SQLDatabase(engine, schema=schema, view_support=True, sample_rows_in_table_info=0)
    assert {"orders", "refunds"} <= set(database.get_usable_table_names())
    assert "customer_id" in database.get_table_info(["orders"])
    with tasks.task("support", "50%") as task, task.step("ask"):
        sampled = SQLDatabase(engine, schema=schema, view_support=True, include_tables=["orders"])
        assert "3 rows from orders table" in sampled.get_table_info()
        assert database.run("SELECT id, status FROM orders WHERE id = 6") == "[(6, 'pending')]"
        assert database.run("UPDATE orders SET visits = 1 WHERE id = 6") == ""
        assert "more than 50 rows" in database.run_no_throw("UPDATE orders SET visits = 1")
        refusal = database.run_no_throw("SELECT card_no FROM public.payments")
    assert "permission denied" in refusal
    assert "Use the entities" in refusal
    assert "with moat.task" in database.run_no_throw("SELECT id FROM orders")
    assert shop.read("SELECT task_id, step FROM pgmoat.history") == [("50%", "ask")]
