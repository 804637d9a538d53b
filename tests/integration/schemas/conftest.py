"""
A trading company and a manufacturer under their policies.

Out: fixtures. I/O: PostgreSQL, the folder of shared schemas.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString

import pytest

from tests.moat_fixtures import Moat
from tests.postgres_fixtures import Database, PostgresServer
from tests.store_fixtures import Store, open_store, open_template

_PEOPLE: LiteralString = "CREATE ROLE {people} LOGIN PASSWORD {password}"

# The server of the wheel has no contrib modules: the function is all that its tables need of them.
_UUID: LiteralString = """
CREATE FUNCTION public.uuid_generate_v1() RETURNS uuid LANGUAGE sql AS 'SELECT gen_random_uuid()'
"""

_ROWS: LiteralString = """
INSERT INTO production.product (name, productnumber, safetystocklevel, reorderpoint, standardcost, listprice,
                                daystomanufacture, class, sellstartdate)
SELECT 'Bicycle ' || i, 'BI-' || i, 10, 5, 100, 200, 3, (ARRAY['L ', 'M ', 'H '])[1 + i % 3], '2014-01-01'
  FROM generate_series(1, 30) AS i;
INSERT INTO sales.customer (territoryid) SELECT NULL FROM generate_series(1, 10);
INSERT INTO sales.salesorderheader (orderdate, duedate, customerid, billtoaddressid, shiptoaddressid, shipmethodid, subtotal)
SELECT '2014-06-01', '2014-07-01', 1 + i % 10, 1, 1, 1, i FROM generate_series(1, 100) AS i;
INSERT INTO sales.salesorderdetail (salesorderid, orderqty, productid, specialofferid, unitprice)
SELECT 1 + i % 100, 1, 1 + i % 30, 1, 9.5 FROM generate_series(1, 300) AS i;
"""


@dataclass(frozen=True, slots=True)
class Example:
    """A database by others, what is missing in it here, and its policy."""

    name: str
    file: str
    before: LiteralString = ""
    rows: LiteralString = ""

    @property
    def policy_file(self) -> Path:
        """The policy beside this module."""
        return Path(__file__).with_name(f"{self.name}.yaml")


NORTHWIND = Example("northwind", "northwind.sql")
ADVENTUREWORKS = Example("adventureworks", "adventureworks_nodata.sql", _UUID, _ROWS)


@pytest.fixture(scope="session")
def northwind_template(server: PostgresServer) -> Generator[Database]:
    """The trading company as it is loaded."""
    with open_template(server, NORTHWIND.file, NORTHWIND.before) as database:
        yield database


@pytest.fixture(scope="session")
def adventureworks_template(server: PostgresServer) -> Generator[Database]:
    """The manufacturer as it is loaded."""
    with open_template(server, ADVENTUREWORKS.file, ADVENTUREWORKS.before) as database:
        yield database
