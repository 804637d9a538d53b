"""
The watchdog's rounds: take the lease, look, judge, act, beat; through lost connections and restarts.

In: what opens a connection, settings. Out: Incidents and notes, as they happen. I/O: PostgreSQL.
"""

from __future__ import annotations

import contextlib
import random
import secrets
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from pgmoat.errors import ConnectionFailedError, Error
from pgmoat.postgres.failures import explain_failure
from pgmoat.postgres.sqlfile import load_sql
from pgmoat.watchdog.act import carry_out, describe
from pgmoat.watchdog.courier import Courier
from pgmoat.watchdog.crowds import find_crowded, judge_crowds
from pgmoat.watchdog.hook import Hook
from pgmoat.watchdog.incident import Incident
from pgmoat.watchdog.judge import Action, Past, Verdict, judge
from pgmoat.watchdog.record import Recorder
from pgmoat.watchdog.repair import repair_roles
from pgmoat.watchdog.repeats import Run, Seen, forget, judge_repeats, see
from pgmoat.watchdog.sample import PACKAGE, Sample, read_sample
from pgmoat.watchdog.surges import SurgeReader, judge_surges

_LEASE_MS = 3_000
_GOOD_FOR_MS = 5_000
_FORGET_AFTER = timedelta(minutes=10)
_FORGET_FAILED_AFTER = timedelta(days=1)  # what cannot be done is said once, and once more the next day
_RETRY_S = 0.5
_JOIN_S = 2.0
_SETTINGS = (
    "SET search_path = pg_catalog, pg_temp",
    "SET default_transaction_read_only = off",
    "SET default_transaction_isolation = 'read committed'",
    "SET statement_timeout = '10s'",
    "SET lock_timeout = '2s'",
    # A synchronous standby that is away must not hold up whoever ends sessions.
    "SET synchronous_commit = local",
)

Connection = psycopg.Connection[Any]


@dataclass(frozen=True, slots=True)
class Settings:
    """How often to look, how long to wait before and between acts, and whether to act at all."""

    interval_s: float = 1.0
    grace: timedelta = timedelta(milliseconds=500)
    is_dry_run: bool = False
    is_once: bool = False

    @property
    def lease_ms(self) -> int:
        """How long the lease lasts: a missed round must not lose it."""
        return max(_LEASE_MS, round(self.interval_s * 3000))

    @property
    def good_for_ms(self) -> int:
        """How long a heartbeat counts."""
        return max(_GOOD_FOR_MS, round(self.interval_s * 3000))


@dataclass(frozen=True, slots=True)
class Output:
    """Whom to tell: of each incident, and of everything else in a line."""

    incident: Callable[[Incident], None]
    say: Callable[[str], None]


@dataclass(slots=True)
class Watch:
    """One watchdog, which may lead or stand by."""

    settings: Settings
    output: Output
    holder: str = field(default_factory=lambda: secrets.token_hex(8))
    is_leading: bool = False
    is_superuser: bool = False
    past: dict[str, Past] = field(default_factory=dict[str, Past])
    seen: dict[Run, Seen] = field(default_factory=dict[Run, Seen])
    crowded: frozenset[str] = frozenset()  # agents that had too many sessions in the last sample
    _surges: SurgeReader = field(default_factory=SurgeReader)
    recorder: Recorder = field(init=False)
    _hurries: bool = False
    _fault: str = ""
    _told: bool | None = None  # whether it said last that it leads

    def __post_init__(self) -> None:
        self.recorder = Recorder(longest=timedelta(seconds=self.settings.interval_s * 3))

    def go_round(self, connection: Connection) -> list[Incident]:
        """
        Go round once, and return what was done, or in a dry run would be.

        Raises:
            psycopg.Error: the connection is lost, or a right is missing to look at all.
        """
        if not self.settings.is_dry_run and not self._lead(connection):
            return []
        sample = read_sample(connection, sees_passwords=self.is_superuser)
        if sample.fault and sample.fault != self._fault:
            self.output.say(sample.fault)
        self._fault = sample.fault
        verdicts = self._judge(connection, sample)
        is_dry_run = self.settings.is_dry_run
        repairs = [each for each in verdicts if each.action is Action.REPAIR and not is_dry_run]
        acts = [each for each in verdicts if each.action is not Action.REPAIR or is_dry_run]
        done = self._act(connection, sample, acts)
        if not is_dry_run:
            self.recorder.look(sample)
            self._store(connection, sample.now, all_of_it=self.settings.is_once)
            connection.execute("SELECT pgmoat.beat(%s, %s)", (self.holder, self.settings.good_for_ms))
        for incident in repair_roles(connection, repairs, self.holder, sample.now):
            self._note(incident, sample.now)
            done.append(incident)
        self._hurries = any(incident.action == Action.CANCEL for incident in done)
        self.past = remember(self.past, sample.now)
        return done

    def give_up(self, connection: Connection) -> None:
        """Give the lease back, so that another one leads at once."""
        if self.is_leading:
            self._store(connection, datetime.now(UTC), all_of_it=True)
            connection.execute("SELECT pgmoat.lead_watch(%s, 0)", (self.holder,))
            self.is_leading = False

    @property
    def pause_s(self) -> float:
        """How long to rest: not longer than the grace of what was cancelled just now."""
        grace_s = self.settings.grace.total_seconds()
        # Not in step with anybody: work that comes once a second would be seen always, or never.
        interval = self.settings.interval_s * random.uniform(0.8, 1.2)  # noqa: S311 - no secret
        return min(interval, max(0.05, grace_s)) if self._hurries else interval

    def _lead(self, connection: Connection) -> bool:
        row = connection.execute(
            "SELECT pgmoat.lead_watch(%s, %s)", (self.holder, self.settings.lease_ms)
        ).fetchone()
        leads = bool(row and row[0])
        if leads and not self.is_leading:
            rows = connection.execute(load_sql(PACKAGE, "read_recent_acts")).fetchall()
            self.past |= {subject: Past(action, at) for subject, action, at in rows}
        if not leads:
            self.recorder.pause()
        if leads != self._told:
            self.output.say("leading" if leads else "another watchdog leads; standing by")
        self.is_leading = self._told = leads
        return leads

    def _judge(self, connection: Connection, sample: Sample) -> list[Verdict]:
        self.seen, crowded = see(self.seen, sample), find_crowded(sample)
        surges = self._surges.read(connection, sample)
        verdicts = [
            *judge(sample, self.past, self.settings.grace),
            *judge_repeats(self.seen, sample, self.past),
            *judge_surges(surges, sample, self.past),
            *judge_crowds(crowded, self.crowded, sample, self.past),
        ]
        self.crowded = frozenset(crowded)
        return verdicts

    def _store(self, connection: Connection, now: datetime, *, all_of_it: bool) -> None:
        lost = self.recorder.store(connection, self.holder, now, all_of_it=all_of_it)
        if lost:
            self.output.say(f"{lost} batches of the record are lost: their days are not kept any more")

    def _note(self, incident: Incident, now: datetime) -> None:
        self.past[incident.subject] = Past(incident.action, now)
        self.output.incident(incident)

    def _act(self, connection: Connection, sample: Sample, verdicts: Sequence[Verdict]) -> list[Incident]:
        done: list[Incident] = []
        for verdict in verdicts:
            if self.settings.is_dry_run:
                incident = describe(verdict, Action.DRY_RUN, sample.now, wanted=verdict.action)
            else:
                incident = carry_out(connection, verdict, self.holder, sample.now)
                if incident is not None and verdict.session is not None:
                    self.recorder.leave_out(verdict.session)
            if incident is not None:
                self._note(incident, sample.now)
                if incident.action == Action.FREEZE and incident.task_id is not None:
                    self.seen = forget(self.seen, (incident.agent, incident.task_id))
                done.append(incident)
        return done


def remember(past: Mapping[str, Past], now: datetime) -> dict[str, Past]:
    """Return what still counts of *past*."""
    return {
        subject: one
        for subject, one in past.items()
        if one.at > now - (_FORGET_FAILED_AFTER if one.action == Action.FAILED else _FORGET_AFTER)
    }


def open_session(connect: Callable[[], Connection], watch: Watch) -> Connection:
    """
    Return a connection that is ready to watch, and say what its role cannot do.

    Raises:
        ConnectionFailedError: none, one through a pooler, or one to a standby.
        psycopg.Error: the database is not pgmoat's, or the role is no member of the monitor role.
    """
    connection = connect()
    try:
        watch.is_superuser = _check_session(connection, watch.output)
        for statement in _SETTINGS:
            connection.execute(statement)
        connection.execute(load_sql(PACKAGE, "read_limits"))
    except BaseException:
        connection.close()
        raise
    return connection


def _check_session(connection: Connection, output: Output) -> bool:
    row = connection.execute(load_sql(PACKAGE, "read_rights")).fetchone()
    assert row is not None  # noqa: S101 - for the type checker
    is_superuser, sees_all, signals_all, is_on_standby, pid = row
    if pid != connection.info.backend_pid:
        raise ConnectionFailedError(
            "this connection goes through a pooler",
            hint="Give pgmoat watch a --dsn that leads straight to PostgreSQL.",
        )
    if is_on_standby:
        raise ConnectionFailedError(
            "this server is a standby", hint="Watch the primary; sessions on a standby are not watched."
        )
    if is_superuser:
        return True
    if not sees_all:
        output.say("no member of pg_read_all_stats: only sessions of roles that this one belongs to are seen")
    if not signals_all:
        output.say(
            "no member of pg_signal_backend: only sessions of roles that this one belongs to are ended"
        )
    return False


def run_watch(
    connect: Callable[[], Connection],
    settings: Settings,
    output: Output,
    stop: threading.Event,
    hook: Hook | None = None,
) -> list[Incident]:
    """
    Go round until *stop* is set; once, if the settings say so, and return what was done then.

    A round that fails is reported, and the next one begins with a new connection: the server may be
    restarting.

    Raises:
        Error, psycopg.Error: what it cannot begin with; with ``is_once``, whatever the round met.
    """
    watch = Watch(settings, output)
    if settings.is_once:
        with open_session(connect, watch) as connection:
            done = watch.go_round(connection)
            watch.give_up(connection)
        return done
    connection = open_session(connect, watch)
    courier = hook and Courier(hook, connect, watch.holder, lambda: watch.is_leading, output.say)
    with _deliver_beside(courier, stop):
        _go_on(connection, connect, watch, stop)
    return []


def _go_on(
    connection: Connection | None, connect: Callable[[], Connection], watch: Watch, stop: threading.Event
) -> None:
    told = ""
    while not stop.is_set():
        try:
            if connection is None:
                connection = open_session(connect, watch)
            watch.go_round(connection)
            if told:
                watch.output.say("connected again")
            pause_s, told = watch.pause_s, ""
        except Exception as error:
            if connection is not None:
                connection.close()
            connection, watch.is_leading, pause_s = None, False, _RETRY_S
            message = _describe_failure(error)
            if message != told:  # a server that is away for an hour is one line
                watch.output.say(message)
            told = message
        stop.wait(pause_s)
    if connection is not None:
        # Unless the server is going away too: then the lease runs out.
        with connection, contextlib.suppress(psycopg.Error):
            watch.give_up(connection)


@contextlib.contextmanager
def _deliver_beside(courier: Courier | None, stop: threading.Event) -> Generator[None]:
    if courier is None:
        yield
        return
    thread = threading.Thread(target=_deliver, args=(courier, stop), name="webhook", daemon=True)
    thread.start()
    yield
    thread.join(_JOIN_S)  # not longer: what hangs then is not noted as sent, and is sent again


def _deliver(courier: Courier, stop: threading.Event) -> None:
    """Deliver in a thread of its own: whatever that meets, and however long it waits, the rounds go on."""
    told = ""
    while not stop.is_set():
        try:
            courier.run(stop)
            told = ""
        except Exception as error:
            message = f"webhook {courier.hook.shown}: {_describe_failure(error)}"
            if message != told:
                courier.say(message)
            told = message
        stop.wait(_RETRY_S)


def _describe_failure(error: Exception) -> str:
    known = explain_failure(error) if isinstance(error, psycopg.Error) else error
    if isinstance(known, Error):
        return f"{known.message}{': ' + known.detail if known.detail else ''}; trying again"
    return f"a fault of the watchdog's own, {type(error).__name__}: {error}; trying again"
