"""
How many connections the policy's agents need behind a pooler.

In: Policy, the number of pooler processes, the server's slots. Out: Advice. I/O: none.
"""

from __future__ import annotations

from dataclasses import dataclass

from pgmoat.compiler.checks.connections import CONNECTIONS_FOR_PEOPLE
from pgmoat.errors import PoolerError
from pgmoat.policy.schema import AgentPolicy, Policy

SIZE_FORMULA = "size = ceil(workers * steps * 0.5), for about half of a step is a model that thinks"
LIMIT_FORMULA = "connections >= processes * (size + overflow) + what connects past the pooler"
SUM_FORMULA = "sum of connections <= max_connections - reserved - what people need"
CLIENT_FORMULA = (
    "max_client_conn = 2 * sum(workers * steps) + 10: old and new programs overlap in a deploy; console"
)

_CLIENTS_FOR_CONSOLE = 10


@dataclass(frozen=True, slots=True)
class AgentPool:
    """
    One agent's connections: what the policy asks for, and what one pooler process opens.

    A process never opens more than its share of the role's CONNECTION LIMIT: PostgreSQL refuses the login
    beyond it, and PgBouncer before 1.21 then turns away every client that waits.
    """

    agent: str
    role: str
    workers: int
    steps: int
    wanted_size: int
    wanted_reserve: int
    processes: int
    connections: int  # CONNECTION LIMIT of the role
    idle_in_transaction_ms: int

    @property
    def share(self) -> int:
        """How many of the role's connections one process may have."""
        return self.connections // self.processes

    @property
    def size(self) -> int:
        """What one process opens at once."""
        return min(self.wanted_size, self.share)

    @property
    def reserve(self) -> int:
        """What it opens besides when clients wait."""
        return min(self.wanted_reserve, self.share - self.size)

    @property
    def most(self) -> int:
        """What it opens at most."""
        return self.size + self.reserve

    @property
    def needed(self) -> int:
        """The CONNECTION LIMIT that all processes with all they want need."""
        return self.processes * (self.wanted_size + self.wanted_reserve)

    @property
    def clients(self) -> int:
        """Client connections that the pooler keeps for it."""
        return 2 * self.workers * self.steps

    @property
    def is_cut(self) -> bool:
        """Whether the CONNECTION LIMIT allows less than the policy's pool asks for."""
        return self.needed > self.connections

    @property
    def size_formula(self) -> str:
        """How the size comes about."""
        return f"ceil({self.workers} * {self.steps} * 0.5) = {self.wanted_size}"

    @property
    def limit_formula(self) -> str:
        """How the CONNECTION LIMIT that it needs comes about."""
        return f"{self.processes} * ({self.wanted_size} + {self.wanted_reserve}) = {self.needed}"


@dataclass(frozen=True, slots=True)
class Slots:
    """What the server has."""

    max_connections: int
    reserved_connections: int

    @property
    def for_agents(self) -> int:
        """What is left to agents."""
        return max(self.max_connections - self.reserved_connections - CONNECTIONS_FOR_PEOPLE, 0)

    @property
    def formula(self) -> str:
        """How that comes about."""
        return (
            f"{self.max_connections} max_connections - {self.reserved_connections} reserved"
            f" - {CONNECTIONS_FOR_PEOPLE} for people = {self.for_agents}"
        )


@dataclass(frozen=True, slots=True)
class Advice:
    """The pools of all agents, and whether they fit the server."""

    pools: tuple[AgentPool, ...]
    slots: Slots

    @property
    def sum_of_limits(self) -> int:
        """What all agents may hold: the sum of the CONNECTION LIMITs."""
        return sum(pool.connections for pool in self.pools)

    @property
    def fits(self) -> bool:
        """Whether people keep their slots when all agents hold all that they may."""
        return self.sum_of_limits <= self.slots.for_agents

    @property
    def max_clients(self) -> int:
        """Clients that one pooler process takes."""
        return sum(pool.clients for pool in self.pools) + _CLIENTS_FOR_CONSOLE

    @property
    def warnings(self) -> tuple[str, ...]:
        """What does not fit, and what helps."""
        cut = [
            f"agents.{pool.agent}: {pool.limit_formula} connections are needed, and connections: is"
            f" {pool.connections}; a pool process opens {pool.most} at most. Raise connections: to"
            f" {pool.needed}, or lower pool:"
            for pool in self.pools
            if pool.is_cut
        ]
        if self.fits:
            return tuple(cut)
        return (
            *cut,
            f"all agents may hold {self.sum_of_limits} connections, and the server has"
            f" {self.slots.formula}. Lower connections:, or raise max_connections",
        )


def advise(policy: Policy, slots: Slots, processes: int = 1) -> Advice:
    """
    Return the pool that each agent of *policy* needs with so many pooler *processes*.

    Raises:
        PoolerError: there is no agent, or one has fewer connections than there are processes.
    """
    if not policy.agents:
        raise PoolerError("the policy has no agents", hint="agents: in the policy names them")
    pools = tuple(
        _measure(name, agent, policy.settings.agent_role(name), processes)
        for name, agent in policy.agents.items()
    )
    for pool in pools:
        if pool.share == 0:
            raise PoolerError(
                f"agents.{pool.agent}.connections is {pool.connections}, fewer than --processes {processes}",
                hint=f"connections: {pool.needed} gives each process what pool: asks for",
            )
    return Advice(pools, slots)


def _measure(name: str, agent: AgentPolicy, role: str, processes: int) -> AgentPool:
    return AgentPool(
        agent=name,
        role=role,
        workers=agent.pool.workers,
        steps=agent.pool.steps,
        wanted_size=agent.pool.size,
        wanted_reserve=agent.pool.overflow,
        processes=processes,
        connections=agent.connections,
        idle_in_transaction_ms=agent.timeouts.idle_in_transaction,
    )
