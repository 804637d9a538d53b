"""
Which tables agents could need.

In: Survey. Out: a reason for each relation that is left out. I/O: none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from pgmoat.report.survey.snapshot import Survey, SurveyedTable

_MIGRATIONS = re.compile(
    r"(schema|data|db|gorp|goose|knex|sqlx?|umzug|phinx|node_pg|pg|rails|mikro_orm|typeorm|sequelize|doctrine"
    r"|drizzle|kysely|ecto|hdb)?_*(schema|db|sql)?_*migrations?(_lock|_versions?|_history|_log|s_lock|_status)?"
    r"|(schema_)?versions?_?info|flyway_schema_history|schema_(versions?|history|info|metadata)"
    r"|alembic_version(_[a-z0-9_]+)?|__?efmigrationshistory|databasechangelog(lock)?|ar_internal_metadata"
    r"|sequelizemeta|sequelizedata|play_evolutions(_lock)?|goose_db_version|db_version|liquibase_.*"
    r"|_?prisma_migrations|_sqlx_migrations|__drizzle_migrations|mikro_orm_migrations|phinxlog|version_info"
    r"|(batched_)?background_migration(_job)?(s|_batches|_transition_logs)?"
    r"|batched_background_migration(_job)?(s|_transition_logs)|postgres_async_\w+|postgres_reindex_\w+",
    re.IGNORECASE,
)
_FRAMEWORKS = re.compile(
    r"django_(migrations|content_type|admin_log|session|site|celery_.*|q_.*|redirect|flatpage.*)"
    r"|celery_(taskmeta|tasksetmeta)|auth_(permission|group_permissions|user_user_permissions|user_groups)"
    r"|ir_(model|ui|act|cron|module|logging|attachment|config|asset|exports|filters|property|default|rule"
    r"|sequence|translation|profile|demo|mail_server|server_object)\w*|flipper_(features|gates)"
    r"|spatial_ref_sys|pg_stat_statements\w*|hdb_\w+|quartz_\w+|qrtz_\w+|act_(ge|hi|id|re|ru)_\w+",
    re.IGNORECASE,
)
_MACHINERY: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(
            r"(.*_)?(jobs?_?queues?|queues?_jobs?|queued_jobs?|delayed_jobs?|failed_jobs?|good_jobs?|good_job_\w+"
            r"|solid_queue_\w+|solid_cable_\w+|que_(jobs|lockers|values)|oban_(jobs|peers|producers)"
            r"|river_(job|leader|queue|client|migration)\w*|sidekiq_\w+|background_jobs?|job_batches"
            r"|scheduled_jobs?|graphile_worker\w*|boss_\w+|pgboss\w*|outbox(_\w+)?|inbox_messages|dead_letters?"
            r"|message_queues?|queues?)",
            re.IGNORECASE,
        ),
        "a queue of jobs, which programs work through",
    ),
    (
        re.compile(
            r"((user|http|web|login|admin|auth|active|app|php|account)_)?sessions?|session_store|remember_tokens?",
            re.IGNORECASE,
        ),
        "sessions of a program",
    ),
    (
        re.compile(
            r"(.*_)?(cache|caches|cache_entries|cache_locks|cached_\w+|solid_cache_\w+)", re.IGNORECASE
        ),
        "a cache, which a program fills and empties",
    ),
    (
        re.compile(
            r"(.*_)?(audit_?(logs?|trails?|events?|entries|records?|history)?|audits|audit_event_\w+|paper_trail_\w+"
            r"|event_?logs?|access_?logs?|error_?logs?|request_?logs?|activity_?logs?|change_?logs?"
            r"|logs?|logged_exceptions|web_?hook_?(logs?|events|deliveries))|versions",
            re.IGNORECASE,
        ),
        "a log or an audit trail, which programs write",
    ),
    (
        re.compile(
            r"(.*_)?(access_tokens?|refresh_tokens?|passwords?|password_hash(es)?|password_history|password_resets?|password_reset_tokens|api_keys?|oauth_\w+"
            r"|encryption_keys?|secrets?|credentials?|verification_tokens?|otp_\w+|one_time_passwords?)",
            re.IGNORECASE,
        ),
        "credentials, which no agent should read",
    ),
)
_COPY = re.compile(
    r"(?:bak|bkp|backup|old|tmp|temp|stg|staging|zz|copy|deprecated)_+(?P<tail>.+)"
    r"|(?P<head>.+?)_+(?:bak|bkp|backup|old|tmp|temp|stg|staging|copy|deprecated|archive[d]?)?_*"
    r"(?:\d{4,8}|bak|bkp|backup|old|tmp|temp|stg|staging|copy|deprecated)_*\d*",
    re.IGNORECASE,
)
_STAGING = re.compile(
    r"(bak|bkp|backup|tmp|temp|stg|staging|import|load|raw)_+.+|.+_+(tmp|temp|stg|staging|import)", re.I
)
_KINDS = {"v": "a view", "m": "a materialized view", "f": "a foreign table"}


def choose_tables(
    survey: Survey, takes: Callable[[str], bool]
) -> tuple[dict[str, SurveyedTable], dict[str, str]]:
    """Return the tables that agents could need, and for every other one that *takes* asks for, why not."""
    chosen: dict[str, SurveyedTable] = {}
    left_out: dict[str, str] = {}
    for name, table in sorted(survey.tables.items()):
        if not takes(name):
            continue
        why = find_reason(name, table, survey.tables)
        if why:
            left_out[name] = why
        else:
            chosen[name] = table
    return chosen, left_out


def find_reason(name: str, table: SurveyedTable, tables: Mapping[str, SurveyedTable]) -> str:
    """Return why agents could hardly need the relation; empty when they could."""
    return _find_structural_reason(table) or _find_purpose(name, table, tables)


def _find_structural_reason(table: SurveyedTable) -> str:
    if table.table.kind in _KINDS:
        return f"{_KINDS[table.table.kind]}; entities stand on tables"
    if table.is_partition:
        return "a partition: its rows are reached through its parent"
    if table.extension:
        return f"made by the extension {table.extension}"
    if "." in table.table.schema or "." in table.table.name:
        return "its name holds a dot, which the policy file cannot write"
    if not table.columns:
        return "it has no columns"
    return ""


def _find_purpose(name: str, table: SurveyedTable, tables: Mapping[str, SurveyedTable]) -> str:
    bare = table.table.name
    machinery = _find_machinery(bare, len(table.table.children))
    if machinery:
        return machinery
    parent = _find_parent(table, tables)
    if parent:
        return f"inherits from {parent}: its rows are reached there"
    original = _find_original(table, tables)
    if original:
        return f"looks like a copy of {original}"
    if _STAGING.fullmatch(bare) and is_empty(table):
        return "an empty staging table"
    return ""


def is_empty(table: SurveyedTable) -> bool:
    """Whether the whole table was read, and held nothing."""
    samples = table.samples.values()
    return bool(samples) and all(sample.rows == 0 and sample.is_whole for sample in samples)


def _find_machinery(bare: str, children: int) -> str:
    """Return what a table of this name does for programs; empty when it may hold things of the business."""
    if _MIGRATIONS.fullmatch(bare):
        return "bookkeeping of migrations"
    if _FRAMEWORKS.fullmatch(bare):
        return "bookkeeping of a framework"
    # What many tables point to holds things of the business, whatever it is called.
    if children > 1:
        return ""
    return next((why for pattern, why in _MACHINERY if pattern.fullmatch(bare)), "")


def _find_parent(table: SurveyedTable, tables: Mapping[str, SurveyedTable]) -> str:
    """Return the table that this one seems to inherit from, as partitions did before PostgreSQL 10."""
    people = table.table
    for name, other in sorted(tables.items()):
        is_parent = other.table.has_inheritors and other is not table and not people.children
        if is_parent and people.name.startswith(f"{other.table.name}_"):
            own = {(column.name, column.type_name) for column in table.columns}
            if own >= {(column.name, column.type_name) for column in other.columns}:
                return name
    return ""


def _find_original(table: SurveyedTable, tables: Mapping[str, SurveyedTable]) -> str:
    """Return the table that this one is a copy of, by its name and columns; empty when there is none."""
    match = _COPY.fullmatch(table.table.name)
    stem = match and (match["tail"] or match["head"])
    if not stem or table.table.children:
        return ""
    columns = {column.name for column in table.columns}
    for candidate in (stem, f"{stem}s", stem.removesuffix("s")):
        name = f"{table.table.schema}.{candidate}"
        other = tables.get(name)
        if other is not None and other is not table:
            common = columns & {column.name for column in other.columns}
            if len(common) * 5 >= len(columns) * 4:
                return name
    return ""
