"""
``pgmoat pgbouncer``: PgBouncer for the policy's agents: written, run, compared.

In: a policy, a database. Out: files, a pooler, differences, advice. I/O: PostgreSQL, PgBouncer, files,
the terminal.
"""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, NoReturn

import psycopg
import typer
from psycopg import Connection
from psycopg.conninfo import conninfo_to_dict

from pgmoat.cli import pgbouncer_output as output
from pgmoat.cli.options import DEFAULT_POLICY, DsnOption, JsonOption, PolicyArgument
from pgmoat.devpg.account import Account, can_enter, choose_account
from pgmoat.errors import ConnectionFailedError, Error, PoolerError
from pgmoat.policy.load import load_policy
from pgmoat.pooler import auth, files
from pgmoat.pooler.check import check_pooler, check_userlist
from pgmoat.pooler.console import PoolerFacts, Version, parse_version, read_pooler
from pgmoat.pooler.render import render_ini
from pgmoat.pooler.run import find_program, read_log_tail, require_program, run_pooler
from pgmoat.pooler.setup import (
    OLDEST,
    Database,
    Listening,
    Place,
    Setup,
    make_setup,
    parse_addresses,
)
from pgmoat.pooler.write import write_pooler
from pgmoat.postgres.connect import connect, resolve_dsn
from pgmoat.postgres.dsn import Dsn, normalize_dsn

EXIT_FINDINGS = 2

_USUAL_FOLDER = Path("/etc/pgbouncer")
_WATCH_S = 0.2


OutputOption = Annotated[
    Path | None,
    typer.Option(
        "--output", metavar="DIR", help="Write pgbouncer.ini, userlist.txt and the console's passwords."
    ),
]
ForceOption = Annotated[bool, typer.Option("--force", help="Write over files that others wrote.")]
ListenOption = Annotated[str, typer.Option(help="Addresses to listen on, with commas between them.")]
PortOption = Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")]
ProcessesOption = Annotated[
    int, typer.Option(min=1, max=64, help="PgBouncer processes on that port, one core each.")
]
CertificateOption = Annotated[
    Path | None, typer.Option(help="Certificate shown to clients, who must use TLS then.")
]
KeyOption = Annotated[Path | None, typer.Option(help="Its private key.")]
PlainOption = Annotated[
    bool, typer.Option("--without-tls", help="Listen in a network without TLS all the same.")
]
VersionOption = Annotated[
    str | None,
    typer.Option(
        "--version", metavar="X.Y", help="Write for this PgBouncer. Default: the one installed, else 1.18."
    ),
]
RunOption = Annotated[
    bool, typer.Option("--run", help="Run it beside the database until Ctrl-C, or SIGTERM.")
]
CheckOption = Annotated[
    str | None,
    typer.Option(metavar="DSN", help="Compare a running PgBouncer, as a user of its console."),
]
AdviseOption = Annotated[
    bool, typer.Option("--advise", help="Say how many connections the agents need, with the formulas.")
]


@dataclass(frozen=True, slots=True)
class Work:
    """What every way of the verb works on."""

    connection: Connection[Any]
    server: auth.ServerFacts
    setup: Setup


def pgbouncer(
    policy: PolicyArgument = DEFAULT_POLICY,
    dsn: DsnOption = None,
    folder: OutputOption = None,
    force: ForceOption = False,
    listen: ListenOption = "127.0.0.1",
    port: PortOption = 6432,
    processes: ProcessesOption = 1,
    tls_cert: CertificateOption = None,
    tls_key: KeyOption = None,
    without_tls: PlainOption = False,
    version: VersionOption = None,
    run: RunOption = False,
    check: CheckOption = None,
    advise_only: AdviseOption = False,
    as_json: JsonOption = False,
) -> int:
    """
    Write PgBouncer's configuration for the policy's agents, run it, or compare a running one.

    Transaction mode, a pool per agent, nobody else, no passwords. Without --output the ini file is printed.
    """
    if run + advise_only + (check is not None) > 1:
        raise Error("--run, --check and --advise exclude each other")
    if version is not None and (run or check is not None):
        raise Error("--version is for writing: --run and --check take the version that runs")
    agents = load_policy(policy).policy
    target = resolve_dsn(dsn, os.environ)
    listening = Listening(parse_addresses(listen), port, _absolute(tls_cert), _absolute(tls_key), without_tls)
    pooler = None if check is None else _read_console(normalize_dsn(check, "--check"))
    with connect(target) as connection:
        server = auth.read_server(connection)
        place = Place(
            version=_choose_version(version, pooler, run=run),
            database=_describe_database(connection, target),
            folder=_absolute(folder) or _USUAL_FOLDER,
            listening=listening,
            processes=processes,
        )
        setup = make_setup(agents, server.slots, place)
        work = Work(connection, server, setup)
        if advise_only:
            output.print_advice(setup, as_json=as_json)
            return EXIT_FINDINGS if setup.advice.warnings else 0
        if pooler is not None:
            return _check(work, pooler, has_folder=folder is not None, as_json=as_json)
        if run:
            return _run(work, is_temporary=folder is None, force=force, as_json=as_json)
        return _show_or_write(work, is_shown=folder is None, force=force, as_json=as_json)


def _show_or_write(work: Work, *, is_shown: bool, force: bool, as_json: bool) -> int:
    setup = work.setup
    if is_shown:
        ini = "\n".join(render_ini(setup, number + 1) for number in range(setup.processes))
        output.print_ini(setup, ini, as_json=as_json)
        return 0
    verifiers = write_pooler(work.connection, work.server, setup, choose_account(), force=force)
    output.print_written(setup, verifiers, work.server, as_json=as_json)
    return 0


def _absolute(path: Path | None) -> Path | None:
    """Return *path* as PgBouncer finds it from anywhere; links are kept, to be refused."""
    return None if path is None else Path(os.path.abspath(path.expanduser()))


def _choose_version(text: str | None, pooler: PoolerFacts | None, *, run: bool) -> Version:
    if pooler is not None:
        return pooler.version
    if run:
        return require_program().version
    if text is None:
        program = find_program()
        return OLDEST if program is None else program.version
    version = parse_version(text)
    if not version:
        raise Error(f"--version {text!r} is no version", hint="write it like 1.18 or 1.25.2")
    return version


def _describe_database(connection: Connection[Any], dsn: Dsn) -> Database:
    """Return where the database is, as it was just reached."""
    info, given = connection.info, conninfo_to_dict(dsn)
    certificate = str(given.get("sslrootcert") or os.environ.get("PGSSLROOTCERT") or "")
    return Database(
        host=info.host,
        port=info.port,
        name=info.dbname,
        sslmode=str(given.get("sslmode") or os.environ.get("PGSSLMODE") or "prefer"),
        root_certificate="" if certificate == "system" else certificate,
    )


def _run(work: Work, *, is_temporary: bool, force: bool, as_json: bool) -> int:
    account, program = choose_account(), require_program()
    with _stop_on_signals(), _choose_folder(work.setup.folder, account, is_temporary=is_temporary) as folder:
        try:
            setup = replace(work.setup, folder=folder)
            verifiers = write_pooler(work.connection, work.server, setup, account, force=force)
            work.connection.close()  # a pooler that runs for days needs none of ours
            password = files.read_console_passwords(setup)[setup.stats]
            with run_pooler(setup, program, account, password) as running:
                output.print_running(setup, verifiers, work.server, as_json=as_json)
                while (log := running.find_dead()) is None:
                    time.sleep(_WATCH_S)
                raise PoolerError("PgBouncer ended by itself", detail=read_log_tail(log))
        except KeyboardInterrupt:
            output.print_stopped(as_json=as_json)
            return 0


@contextmanager
def _choose_folder(folder: Path, account: Account | None, *, is_temporary: bool) -> Generator[Path]:
    """Yield the folder for the files: *folder*, or one that goes at the end."""
    if not is_temporary:
        yield folder
        return
    for parent in dict.fromkeys([tempfile.gettempdir(), "/tmp", "/var/tmp"]):  # noqa: S108 - a mkdtemp's parents
        if can_enter(Path(parent), account):
            with tempfile.TemporaryDirectory(prefix="pgmoat-pooler-", dir=parent) as above:
                if account is not None:
                    os.chown(above, os.geteuid(), account.gid)
                    Path(above).chmod(0o710)
                yield Path(above) / "files"
            return
    raise PoolerError("there is no temporary folder that PgBouncer can enter", hint="--output names another")


@contextmanager
def _stop_on_signals() -> Generator[None]:
    """
    Let SIGTERM and SIGHUP end the verb as Ctrl-C does: what it started is ended too.

    SIGINT as well: what a script starts in the background inherits it ignored.
    """

    def stop(_number: int, _frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    kept = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


def _read_console(dsn: Dsn) -> PoolerFacts:
    try:
        return read_pooler(dsn)
    except ConnectionFailedError as error:
        raise PoolerError(
            f"--check: {error.message}",
            detail=error.detail,
            hint="give host and port of PgBouncer and a user of its stats_users or admin_users",
        ) from None
    except psycopg.Error as error:
        raise PoolerError(
            "--check: what answers there is no PgBouncer",
            detail=str(error).splitlines()[0],
            hint="give host and port of PgBouncer, not of PostgreSQL",
        ) from None


def _check(work: Work, pooler: PoolerFacts, *, has_folder: bool, as_json: bool) -> int:
    found = check_pooler(work.setup, pooler)
    if has_folder:
        verifiers = auth.read_verifiers(work.connection, work.server, work.setup.roles)
        found += check_userlist(verifiers.known, _read_userlist(work.setup))
    output.print_differences(work.setup, found, as_json=as_json)
    return EXIT_FINDINGS if output.count_differences(found) else 0


def _read_userlist(setup: Setup) -> str:
    try:
        return setup.auth_file.read_text(encoding="utf-8")
    except OSError as error:
        raise PoolerError(
            f"{setup.auth_file} cannot be read: {error.strerror}",
            hint="--output names the folder that PgBouncer reads from",
        ) from error
