"""
Names of roles that no other database of the server has taken.

In: a database's name, how often it was tried. Out: settings of a policy. I/O: none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_LONGEST = 20  # of a prefix, as the policy has it
_KEYS = {"agent_role_prefix": "agent_", "system_role_prefix": "pgmoat_"}


def name_roles_after(database: str, attempt: int) -> Mapping[str, str]:
    """Return prefixes with *database* in them: ``agent_shop_``; from the second attempt on with a number."""
    word = re.sub(r"[^a-z0-9]+", "_", database.lower()).strip("_") or "other"
    number = str(attempt) if attempt > 1 else ""
    return {
        key: f"{prefix}{word[: _LONGEST - len(prefix) - len(number) - 1].rstrip('_')}{number}_"
        for key, prefix in _KEYS.items()
    }
