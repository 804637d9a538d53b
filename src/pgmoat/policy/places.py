"""
Where the policy and an agent's database are.

In: paths, DSNs, the environment. Out: Policy, DSNs. I/O: reads files and the environment.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from pgmoat.errors import ConnectionFailedError
from pgmoat.model.names import name_variable
from pgmoat.policy.load import load_policy
from pgmoat.policy.schema import Policy
from pgmoat.postgres.dsn import Dsn, normalize_dsn


def read_policy(policy: Policy | Path | str) -> Policy:
    """
    Return a policy, read from its file if that is what is given.

    Raises:
        PolicyError: the file cannot be read, or has problems.
    """
    return policy if isinstance(policy, Policy) else load_policy(Path(policy)).policy


def find_dsn(agent: str, dsns: Mapping[str, str], credentials: Path | str | None, address: str | None) -> Dsn:
    """
    Return the DSN of *agent*: from *dsns*, else the file *credentials*, else the environment.

    Raises:
        ConnectionFailedError: none of them has it, the file cannot be read, or *address* is no ``host:port``.
    """
    variable = name_variable(agent)
    found = dsns.get(agent)
    if found is None and credentials is not None:
        found = read_credentials(Path(credentials)).get(variable)
    found = found or os.environ.get(variable)
    if not found:
        raise _miss(agent, variable, credentials)
    dsn = normalize_dsn(found, f"the DSN of agent {agent}")
    return dsn if address is None else replace_address(dsn, address)


def replace_address(dsn: str, address: str) -> Dsn:
    """
    Return *dsn* with another host and port.

    Raises:
        ConnectionFailedError: *address* is no ``host:port``.
    """
    host, colon, port = address.rpartition(":")
    if not (colon and host and port.isdecimal()):
        raise ConnectionFailedError(
            f"{address!r} is no address", hint="Write host:port, such as 127.0.0.1:6432."
        )
    return _place(dsn, host.strip("[]"), port, without=("hostaddr",))


def place_replica(dsn: str, host: str, port: int) -> Dsn:
    """Return *dsn* with a replica's host and port, and without a wish for a server that can be written."""
    return _place(dsn, host, str(port), without=("hostaddr", "target_session_attrs"))


def _place(dsn: str, host: str, port: str, *, without: tuple[str, ...]) -> Dsn:
    # Without its hostaddr, which libpq would connect to whatever the host is.
    fields = {name: value for name, value in conninfo_to_dict(dsn).items() if name not in without}
    return Dsn(make_conninfo("", **{**fields, "host": host, "port": port}))


def read_credentials(path: Path) -> dict[str, str]:
    """
    Return the values of a file of ``NAME=value`` lines; as in a shell, ``export`` and quotes may stand there.

    Raises:
        ConnectionFailedError: the file cannot be read.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeError) as error:
        raise ConnectionFailedError(
            f"cannot read {path}: {getattr(error, 'strerror', None) or error}",
            hint="Name the file that pgmoat apply wrote.",
        ) from error
    pairs = (line.partition("=") for line in lines if not line.lstrip().startswith("#"))
    return {_read_name(name): _unquote(value.strip()) for name, equals, value in pairs if equals}


def _read_name(text: str) -> str:
    words = text.split()
    return words[1] if len(words) == 2 and words[0] == "export" else text.strip()


def _unquote(text: str) -> str:
    is_quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    return text[1:-1] if is_quoted else text


def _miss(agent: str, variable: str, credentials: Path | str | None) -> ConnectionFailedError:
    if credentials is None:
        return ConnectionFailedError(
            f"no DSN for agent {agent}",
            hint=f"Give the file of credentials that pgmoat apply wrote, or set {variable}.",
        )
    return ConnectionFailedError(
        f"no DSN for agent {agent}: {credentials} has no line {variable}=…",
        hint=f"pgmoat apply writes it when it makes the agent's role. Or set {variable}, or write the line:"
        f" {variable}=postgresql://ROLE:PASSWORD@HOST/DATABASE.",
    )
