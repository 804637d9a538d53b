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
        found = _read_credentials(Path(credentials)).get(variable)
    found = found or os.environ.get(variable)
    if not found:
        raise ConnectionFailedError(
            f"no DSN for agent {agent}",
            hint=f"Pass dsns={{{agent!r}: …}}, credentials='moat.credentials', or set {variable}.",
        )
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
    # Without its hostaddr, which libpq would connect to whatever the host is.
    parts = {name: value for name, value in conninfo_to_dict(dsn).items() if name != "hostaddr"}
    return Dsn(make_conninfo("", **{**parts, "host": host.strip("[]"), "port": port}))


def _read_credentials(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ConnectionFailedError(
            f"cannot read {path}: {error.strerror or error}", hint="Name the file that pgmoat apply wrote."
        ) from error
    return {name.strip(): value for name, equals, value in (line.partition("=") for line in lines) if equals}
