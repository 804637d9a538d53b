"""
What a role can do at worst: claims, the ways that lead there, and what was counted.

In: nothing. Out: frozen data, made by :mod:`pgmoat.report.blast.compute`. I/O: none.

A claim is one (object, action) that the role reaches. Each way is one path to it: its steps start at the role
and end at the object. A way that is taken away leaves the others: a claim is closed when all its ways are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pgmoat.model.closure import Closure


class Severity(StrEnum):
    """How bad a claim is if it is true."""

    CRITICAL = "critical"  # the server, or all of the database, is lost
    HIGH = "high"  # people's data is read, changed or destroyed outside any limit
    MEDIUM = "medium"  # a foothold, a denial of service, a secret of small reach
    LOW = "low"  # what any role may do, or what the policy limits


class Standing(StrEnum):
    """Where a claim comes from."""

    POLICY = "policy"  # pgmoat granted it for the policy in force
    BASE = "base"  # what PostgreSQL gives every role that may log in, and no GRANT of people's added
    BEYOND = "beyond"  # anything else


class StepKind(StrEnum):
    """A link of a way."""

    PUBLIC = "public"  # PUBLIC holds the privilege
    GRANT = "grant"  # the role of the step before holds it
    OWNER = "owner"  # the role of the step before owns the object
    ATTRIBUTE = "attribute"  # SUPERUSER, BYPASSRLS, CREATEDB, CREATEROLE, REPLICATION, LOGIN
    PREDEFINED = "predefined"  # what PostgreSQL's own roles may do: pg_read_all_data…
    INHERIT = "inherit"  # membership whose privileges apply without asking
    SET_ROLE = "set-role"  # membership that needs SET ROLE
    ADMIN_OPTION = "admin-option"  # membership that the role can grant to itself first
    CREATE_ROLE = "create-role"  # CREATEROLE before PostgreSQL 16 grants any role that is no superuser
    DEFINER = "definer"  # a SECURITY DEFINER function: its text runs as its owner
    HIJACK = "hijack"  # such a function made to run the caller's code
    VIEW = "view"  # a view that reads with its owner's rights
    RULE = "rule"  # a rule that writes with its relation's owner's rights
    TRIGGER = "trigger"  # a trigger that fires when the role writes
    REPLACE = "replace"  # something that the role may replace, and others run
    DEFAULT_PRIVILEGES = "default-privileges"  # objects to come
    MAPPING = "mapping"  # a user mapping with a stored password
    SETTING = "setting"  # a setting that the session forges
    LANGUAGE = "language"  # the code of a function is outside of PostgreSQL's walls
    BUILT_IN = "built-in"  # PostgreSQL itself, whoever asks


class Confidence(StrEnum):
    """How sure a way is."""

    CERTAIN = "certain"  # follows from privileges alone: trying it must succeed
    BOUNDED = "bounded"  # as far as the text of a view, rule, trigger or function lets it
    POSSIBLE = "possible"  # depends on what somebody else does, or on a text that was not understood


@dataclass(frozen=True, slots=True)
class Step:
    """One link: *name* is the role, function, view… that it goes to, *sql* the same as SQL takes it."""

    kind: StepKind
    name: str
    sql: str = ""
    text: str = ""  # the step in words, for people
    is_everything: bool = False  # it leads to every object of a kind, not to this one in particular


@dataclass(frozen=True, slots=True)
class Way:
    """One path from the role to a claim."""

    steps: tuple[Step, ...]
    acts_as: str  # role whose rights count at the end; PUBLIC's are everybody's
    columns: tuple[str, ...] = ()  # that this way reaches, of a table; empty: the whole object
    confidence: Confidence = Confidence.CERTAIN
    closures: tuple[Closure, ...] = ()  # each of them alone ends this way
    standing: Standing = Standing.BEYOND

    @property
    def roles_to_set(self) -> tuple[str, ...]:
        """The roles to SET ROLE to, in order, before the claim can be tried."""
        kinds = (StepKind.SET_ROLE, StepKind.ADMIN_OPTION, StepKind.CREATE_ROLE)
        return tuple(step.name for step in self.steps if step.kind in kinds)

    @property
    def is_implied(self) -> bool:
        """Whether it is only one of the many things that a superuser, or a role for all data, can do."""
        kinds = (StepKind.ATTRIBUTE, StepKind.PREDEFINED)
        return len(self.steps) > 0 and self.steps[-1].kind in kinds and self.steps[-1].is_everything

    @property
    def text(self) -> str:
        """The path on one line: member of staff, which owns schema hr."""
        return " → ".join(step.text or step.name for step in self.steps)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a claim is about."""

    kind: str  # table, view, materialized view, foreign table, sequence, column, function, schema, role, …
    name: str  # as a person reads it: public.orders, public.f(integer); bare, unquoted
    sql: str = ""  # the same as SQL takes it, quoted: "public"."orders"; empty where SQL has no name
    oid: int = 0  # pg_class.oid and the like; 0 where there is none
    owner: str = ""
    database: str = ""  # another database than the one that was read; empty for this one


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing that the role can do, with every way to it."""

    code: str  # stable, in docs/reference/blast.md
    subject: Subject
    action: str  # SELECT, INSERT, EXECUTE, CREATE, read, write…
    message: str  # a sentence for people
    severity: Severity
    ways: tuple[Way, ...]
    standing: Standing
    columns: tuple[str, ...] = ()  # of a table: those that some way reaches; empty: not about columns
    sensitive: tuple[str, ...] = ()  # those of them that look sensitive by their names
    rows: int | None = None  # that one statement can read or change; None: not counted in rows
    is_estimate: bool = True  # *rows* is PostgreSQL's estimate
    limit: str = ""  # what limits it: 50 rows a statement; empty: nothing does
    no_closure: str = ""  # why nothing closes it
    watched_by: str = ""  # what notices its use

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What tells claims apart, over runs and databases."""
        return (self.code, self.subject.database, self.subject.kind + " " + self.subject.name, self.action)

    @property
    def is_beyond(self) -> bool:
        """Whether the policy does not explain it."""
        return self.standing is Standing.BEYOND

    @property
    def closures(self) -> tuple[Closure, ...]:
        """The closures of all ways that the policy does not explain, each once, in order."""
        ways = [way for way in self.ways if way.standing is not Standing.POLICY]
        return tuple(dict.fromkeys(closure for way in ways for closure in way.closures))

    @property
    def is_implied(self) -> bool:
        """Whether it follows from another claim: superuser, or a role for all data."""
        return all(way.is_implied for way in self.ways)


@dataclass(frozen=True, slots=True)
class Budget:
    """What limits an agent, from pgmoat's tables in the database; None: no limit of that kind."""

    agent: str
    rows_per_statement: int | None = None
    writes_per_task: int | None = None
    writes_per_hour: int | None = None
    bytes_per_task: int | None = None
    task_duration_ms: int | None = None
    tasks_per_hour: int | None = None
    task_mode: str = ""  # issued, claimed
    requires_watchdog: bool = False
    is_frozen: bool = False


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows; None: without a limit, again and again."""

    readable_entities: int = 0  # relations that it can SELECT from, system catalogs left out
    writable_entities: int = 0
    readable_rows: int = 0  # estimated, all that it can read
    changeable_rows: int = 0  # estimated, all that it can UPDATE or DELETE without a limit
    rows_per_statement: int | None = 0
    rows_per_task: int | None = 0
    rows_per_hour: int | None = 0


@dataclass(frozen=True, slots=True)
class Login:
    """What a stolen password gives."""

    can_login: bool
    valid_until: str = ""  # empty: for ever
    connection_limit: int = -1
    places: tuple[str, ...] = ()  # lines of pg_hba.conf that let the role in, as far as they can be read
    is_places_known: bool = False
    needs_token: bool = False  # for entities: a task's token beside the password
    # Settings of the role: a session lifts the first kind itself, and none of the second.
    defaults: Mapping[str, str] = field(default_factory=dict[str, str])
    walls: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Blast:
    """The worst case of one role in one database."""

    role: str
    agent: str | None  # None: pgmoat did not make this role
    database: str
    server_version: int  # server_version_num
    is_installed: bool  # pgmoat is, here
    claims: tuple[Claim, ...]  # worst first
    counts: Counts
    login: Login
    budget: Budget | None = None
    notes: tuple[str, ...] = ()  # what could not be read, and so is not known

    @property
    def beyond(self) -> tuple[Claim, ...]:
        """The claims that the policy does not explain."""
        return tuple(claim for claim in self.claims if claim.is_beyond)

    def claims_of(self, code: str) -> tuple[Claim, ...]:
        """Return the claims with this code."""
        return tuple(claim for claim in self.claims if claim.code == code)
