"""
How a way is closed, who keeps it, and how the closure is taken back.

I/O: none.
"""

from __future__ import annotations

from dataclasses import dataclass

from pgmoat.model.objects import Grant


@dataclass(frozen=True, slots=True)
class Closure:
    """SQL that closes one way; *grants* run before *sql*, in the same transaction."""

    area: str  # temporary, functions, schema, connect, large-objects; blast adds its own
    object: str  # as a person reads it: database shop, function public.f(integer)
    about: str  # what it closes: every role may make temporary tables in this database
    sql: tuple[str, ...]  # REVOKE…, without a semicolon
    grants: tuple[str, ...] = ()  # GRANTs that let those who use the way today keep it
    revert: tuple[str, ...] = ()  # takes all of it back, in order
    hurts: tuple[str, ...] = ()  # roles that lose the way, or keep it only by *grants*
    keeps: tuple[str, ...] = ()  # those of *hurts* that *grants* let keep it
    needs: str = ""  # who may run it: superuser, owner of …
    owner: str = ""  # role that owns the object
    grantor: str = ""  # role that gave PUBLIC the right, where it was not the owner: only it can take it back
    taken: tuple[Grant, ...] = ()  # what *sql* takes from PUBLIC
    given: tuple[Grant, ...] = ()  # what *grants* give
    completes: Grant | None = None  # what an earlier hardening took, when this only gives new roles a grant
    object_id: int = 0  # OID of the object, and of its part: see pgmoat.closure
    part_id: int = 0
    was_default: bool = False  # the object had no ACL of its own: PUBLIC has the right by default
