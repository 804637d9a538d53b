"""
What a page is: where it is, what it reads, how it is shown.

In: nothing. Out: Page, Asked. I/O: none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg

from pgmoat.dashboard.window import Window, find_window


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page is asked for, and when, by the server's clock."""

    now: datetime
    path: Mapping[str, str] = field(default_factory=dict[str, str])
    query: Mapping[str, str] = field(default_factory=dict[str, str])

    def text(self, name: str) -> str | None:
        """Return a value of the address, None where it is empty or not given."""
        return self.query.get(name) or None

    def window(self, default: str = "1h") -> Window:
        """Return the stretch of time to show."""
        return find_window(self.text("range"), self.now, default)


Read = Callable[[psycopg.Connection[Any], Asked], Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class Page:
    """
    One page: *read* makes what the template ``<template>.html`` shows.

    With a *label* it stands in the navigation.
    """

    path: str
    template: str
    read: Read
    label: str = ""
