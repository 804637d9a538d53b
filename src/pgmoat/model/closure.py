"""
How a way is closed, who keeps it, and how the closure is taken back.

I/O: none.
"""

from __future__ import annotations

from dataclasses import dataclass


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
