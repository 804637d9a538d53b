"""
What PostgreSQL lets every role do that may log in, and no GRANT of people's gave.

In: Index, the role. Out: claims, into a Collection. I/O: none.
"""

from __future__ import annotations

from dataclasses import dataclass

from pgmoat.report.blast.closing import alter
from pgmoat.report.blast.collect import Collection, Headline
from pgmoat.report.blast.index import Index
from pgmoat.report.blast.model import Severity, Standing, Step, StepKind, Subject, Way

_WATCHDOG = "the watchdog"
_NOTHING = "nothing; PostgreSQL's log, if it is told to"


@dataclass(frozen=True, slots=True)
class Given:
    """One thing that is everybody's."""

    code: str
    action: str
    text: str
    no_closure: str
    watched_by: str
    severity: Severity = Severity.LOW
    area: str = ""  # of a hardening, that closes it


GIVEN = (
    Given(
        "read-catalog",
        "SELECT",
        "may read pg_catalog and information_schema: names of all tables, columns and roles, texts of views"
        " and functions",
        "PostgreSQL and its clients need it",
        "nothing; keep no secret in a function's text",
    ),
    Given(
        "call-built-in",
        "EXECUTE",
        "may call PostgreSQL's own functions, as far as no more than memory and processor are at stake",
        "PostgreSQL does not work without",
        "the guard refuses what is not on its list",
    ),
    Given(
        "use-resources",
        "RUN",
        "may use processor, memory and temporary files: generate_series, work_mem, sorts",
        "settings of a session are its own; temp_file_limit is a superuser's",
        f"{_WATCHDOG}, by time",
    ),
    Given(
        "change-settings",
        "SET",
        "may change its session's settings: time limits, search_path, work_mem, application_name",
        "settings with context user are every session's",
        f"{_WATCHDOG} ends what is over its time; the guard refuses SET",
    ),
    Given(
        "hold-transaction",
        "BEGIN",
        "may hold a transaction open, and with it back VACUUM",
        "time limits are settings, which a session lifts",
        _WATCHDOG,
    ),
    Given(
        "advisory-locks",
        "LOCK",
        "may take any advisory lock that an application uses, and keep it",
        "",
        "pg_locks; pgmoat itself uses none",
        area="advisory-locks",
    ),
    Given(
        "notify",
        "NOTIFY",
        "may LISTEN and NOTIFY on any channel: read what applications tell each other, and forge it",
        "channels have no privileges",
        "the guard refuses both; PostgreSQL watches nothing",
    ),
    Given(
        "large-objects",
        "CREATE",
        "may make large objects, and fill the disk",
        "",
        "pg_largeobject_metadata",
        area="large-objects",
    ),
    Given(
        "same-role-sessions",
        "TERMINATE",
        "may cancel and end sessions of the same role, and read the texts of their statements",
        "",
        "PostgreSQL's log",
        area="signals",
    ),
    Given(
        "own-password",
        "ALTER ROLE",
        "may change its own password, and so lock its fleet out",
        "PostgreSQL lets every role do so",
        f"plan --check; a superuser's {_WATCHDOG.removeprefix('the ')} sets it right",
    ),
    Given(
        "own-settings",
        "ALTER ROLE",
        "may change the settings that its sessions begin with",
        "PostgreSQL lets every role do so",
        f"plan --check; a superuser's {_WATCHDOG.removeprefix('the ')} sets it right",
    ),
    Given(
        "see-activity",
        "SELECT",
        "may see who is connected, from where, and with which application_name",
        "pg_stat_activity is PUBLIC's",
        _NOTHING,
    ),
)
"""Everything of the kind: the documented base."""


def collect_given(index: Index, role: int, into: Collection) -> None:
    """Take in what is everybody's, if the role may log in."""
    _collect_large_objects(index, role, into)
    if not index.roles[role].can_login:
        return
    for given in GIVEN:
        step = Step(StepKind.BUILT_IN, "PostgreSQL", "", "PostgreSQL lets every role")
        closures = index.public_closures_of(given.area) if given.area else ()
        if given.area and not closures and index.knows_closures:
            continue  # closed already
        into.add(
            Headline(
                given.code,
                Subject("server", "the server"),
                given.action,
                given.text,
                given.severity,
                no_closure=given.no_closure,
                watched_by=given.watched_by,
            ),
            Way((step,), "PUBLIC", standing=Standing.BASE, closures=closures),
        )


def _collect_large_objects(index: Index, role: int, into: Collection) -> None:
    """Take in that PostgreSQL looks at no privilege of large objects, as before 9.0."""
    value, where, target = _find_setting(index, role, "lo_compat_privileges")
    if value not in ("on", "true", "yes", "1"):
        return
    name = "lo_compat_privileges"
    closures = ()
    if target:
        about = f"privileges of large objects count again: {where} had it otherwise"
        statement = f"ALTER {target}"
        back = f"{statement} SET {name} = {value}"
        closures = (
            alter(index.subjects.database(), about=about, sql=f"{statement} RESET {name}", back=back),
        )
    step = Step(StepKind.SETTING, name, "", f"{name} is {value} for {where}")
    for action, verb in (("READ", "read"), ("WRITE", "change and delete")):
        headline = Headline(
            "all-large-objects",
            Subject("server", "the server"),
            action,
            f"may {verb} every large object, whatever its privileges are",
            Severity.HIGH,
            no_closure=""
            if closures
            else f"ALTER SYSTEM RESET {name}, outside of a transaction, and a reload",
        )
        into.add(headline, Way((step,), "PUBLIC", closures=closures))


def _find_setting(index: Index, role: int, name: str) -> tuple[str, str, str]:
    """Return a setting in sessions of *role*, where it is set, and that as ALTER takes it, if it does."""
    fact, database = index.roles[role], index.subjects.database()
    places = (
        (fact.settings, f"role {fact.name}", f"ROLE {index.role_sql(role)}"),
        (index.snapshot.database_settings, f"database {database.name}", f"DATABASE {database.sql}"),
    )
    for settings, where, target in places:
        values = [one.partition("=")[2] for one in settings if one.startswith(f"{name}=")]
        if values:
            return values[-1], where, target
    server = next((one.value for one in index.snapshot.settings if one.name == name), "")
    return server, "the server", ""
