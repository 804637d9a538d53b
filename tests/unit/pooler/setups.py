"""Setups for the tests here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from pgmoat.policy.load import load_policy_text
from pgmoat.policy.schema import Policy
from pgmoat.pooler.advise import Slots
from pgmoat.pooler.console import Version
from pgmoat.pooler.setup import Database, Place, Setup, make_setup

SLOTS = Slots(max_connections=100, reserved_connections=3)
PLACE = Place(version=(1, 18, 0), database=Database("10.0.0.5", 5432, "shop"), folder=Path("/etc/pgbouncer"))
AGENTS = """\
agents:
  fulfillment:
    entities: {orders: {}}
    connections: 40
    pool: {workers: 30, steps: 2, overflow: 10}
  reader:
    entities: {orders: {}}
    connections: 5
    timeouts: {idle_in_transaction: 2500ms}
    pool: {workers: 5, steps: 1, overflow: 1, timeout: 1500ms, recycle: 10m}
"""


def load(agents: str = AGENTS) -> Policy:
    """Return a policy with these agents over one table."""
    text = f"version: 1\nentities: {{orders: {{table: public.orders, columns: {{id: {{}}}}}}}}\n{agents}"
    return load_policy_text(text, "moat.yaml").policy


def make(version: Version = (1, 18, 0), *, agents: str = AGENTS, **place: Any) -> Setup:
    """Return a setup for *version*."""
    return make_setup(load(agents), SLOTS, replace(PLACE, version=version, **place))
