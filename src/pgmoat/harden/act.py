"""
Closures as steps of apply, and which of them whoever applies may carry out.

In: Closures, Installer. Out: Actions. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.model.action import Action, Cause, Change
from pgmoat.model.closure import Closure
from pgmoat.model.installer import Installer
from pgmoat.model.objects import Kind


def may_run(role: str, owner: str, installer: Installer) -> bool:
    """Whether *installer* may GRANT and REVOKE as *role*, or without one as *owner* or with its rights."""
    if role:
        return installer.may_become(role)
    return installer.acts_for(owner) or installer.may_become(owner)


def may_close(closure: Closure, installer: Installer) -> bool:
    """Whether *installer* may carry *closure* out."""
    is_revoked = not closure.sql or may_run(closure.grantor, closure.owner, installer)
    return may_run("", closure.owner, installer) and is_revoked


def list_actions(closure: Closure, installer: Installer) -> Iterator[Action]:
    """Yield the GRANTs, then the REVOKE: one step, or two where two roles have to do it."""
    owner = "" if installer.acts_for(closure.owner) else closure.owner
    name = f"{closure.area} {closure.object}"
    if closure.sql and closure.grantor:
        if closure.grants:
            about = "grant by name what PUBLIC gives"
            yield Action(Change.ADD, Cause.POLICY, Kind.CLOSURE, name, about, closure.grants, owner)
        parts, run_as = closure.sql, closure.grantor
    else:
        parts, run_as = (*closure.grants, *closure.sql), owner
    yield Action(
        Change.ADD, Cause.POLICY, Kind.CLOSURE, name, closure.about, parts, run_as, revert=closure.revert
    )
