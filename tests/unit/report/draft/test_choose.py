"""Which tables agents could need."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgmoat.report.draft.choose import choose_tables
from tests.unit.report.draft.surveys import sample, survey, table


@pytest.mark.parametrize(
    "name",
    [
        "schema_migrations",
        "alembic_version",
        "django_migrations",
        "django_content_type",
        "ar_internal_metadata",
        "flyway_schema_history",
        "knex_migrations_lock",
        "_prisma_migrations",
        "__EFMigrationsHistory",
        "databasechangelog",
        "delayed_jobs",
        "solid_queue_ready_executions",
        "user_sessions",
        "cache_entries",
        "audit_log",
        "password_reset_tokens",
    ],
)
def test_machinery_is_left_out(name: str) -> None:
    chosen, left_out = choose_tables(survey(table(name, "id")), lambda _: True)
    assert not chosen
    assert left_out[f"public.{name}"]


@pytest.mark.parametrize(
    "name",
    [
        "orders",
        "sessions_attended_by",
        "training_sessions",
        "quote_versions",
        "job_titles",
        "jobs",
        "migrants",
        "login_details",
        "event",
    ],
)
def test_business_is_not(name: str) -> None:
    assert f"public.{name}" in choose_tables(survey(table(name, "id")), lambda _: True)[0]


def test_what_many_point_to_is_business_whatever_its_name() -> None:
    tables = survey(
        table("sessions", "id"),
        table("talks", "id", "session_id", points={"session_id": "sessions"}),
        table("speakers", "id", "session_id", points={"session_id": "sessions"}),
    )
    assert "public.sessions" in choose_tables(tables, lambda _: True)[0]


def test_what_cannot_be_an_entity_says_why() -> None:
    plain = table("orders", "id", "a")
    tables = survey(
        plain,
        table("v", "id", kind="v"),
        replace(table("orders_2024", "id", "a"), is_partition=True),
        replace(table("points", "id"), extension="postgis"),
        table("a.b", "id"),
        table("orders_bak", "id", "a"),
        table("stg_prices", "id", samples={"id": sample(rows=0)}),
        table("empty", key=()),
    )
    chosen, left_out = choose_tables(tables, lambda _: True)
    assert list(chosen) == ["public.orders"]
    assert {name.partition(".")[2]: why.split(":")[0] for name, why in left_out.items()} == {
        "a.b": "its name holds a dot, which the policy file cannot write",
        "empty": "it has no columns",
        "orders_2024": "a partition",
        "orders_bak": "looks like a copy of public.orders",
        "points": "made by the extension postgis",
        "stg_prices": "an empty staging table",
        "v": "a view; entities stand on tables",
    }


def test_only_what_is_asked_for() -> None:
    tables = survey(table("orders", "id"), table("audit_log", "id"))
    assert choose_tables(tables, lambda name: name == "public.orders") == (
        {"public.orders": tables.tables["public.orders"]},
        {},
    )
