"""
Destroying what people need: rows, tables, views.

In: a Stage. Out: Scenarios. I/O: none; the plays do it.
"""

from __future__ import annotations

from pgmoat.demo.scenario import Scenario, try_each

_ORDERS = "SELECT pg_catalog.count(*) = 100000 FROM public.orders"

SCENARIOS = (
    Scenario(
        "hard delete",
        "delete an order for good, past the entity",
        ("DELETE FROM public.orders WHERE id = 99990",),
        try_each(
            "customer_support", held="SELECT EXISTS (SELECT FROM public.orders AS o WHERE o.id = 99990)"
        ),
    ),
    Scenario(
        "truncate",
        "empty the table in one go",
        ("TRUNCATE orders", "TRUNCATE public.orders CASCADE"),
        try_each("customer_support", held=_ORDERS),
    ),
    Scenario(
        "drop",
        "drop the entity, then the table behind it",
        ("DROP VIEW orders CASCADE", "DROP TABLE public.orders CASCADE"),
        try_each(
            "customer_support",
            held="SELECT pg_catalog.to_regclass('agent.orders') IS NOT NULL"
            " AND pg_catalog.to_regclass('public.orders') IS NOT NULL",
        ),
    ),
)
