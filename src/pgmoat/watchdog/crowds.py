"""
Notice an agent with more sessions than its role may have.

In: Samples, one after the other. Out: Verdicts. I/O: none.

CONNECTION LIMIT refuses new sessions, unless somebody raises it, and ends none when it is lowered. Who is
above it in two samples running loses its newest sessions, idle ones too; one alone may be a pooler that
reconnects.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from pgmoat.sampling.sessions import Session
from pgmoat.watchdog.judge import Action, Guard, Kind, Past, Verdict
from pgmoat.watchdog.sample import Sample


def find_crowded(sample: Sample) -> dict[str, list[Session]]:
    """Return the sessions that each agent has above its limit, the newest first."""
    by_agent: dict[str, list[Session]] = {}
    for session in sample.sessions:
        by_agent.setdefault(session.agent, []).append(session)
    found: dict[str, list[Session]] = {}
    for agent, sessions in by_agent.items():
        limits = sample.agents.get(agent)
        if limits is not None and 0 < limits.max_connections < len(sessions):
            newest = sorted(sessions, key=lambda s: (s.backend_start, s.pid), reverse=True)
            found[agent] = newest[: len(sessions) - limits.max_connections]
    return found


def judge_crowds(
    crowded: Mapping[str, list[Session]], before: Collection[str], sample: Sample, past: Mapping[str, Past]
) -> list[Verdict]:
    """Return a verdict for each session in *crowded*, for agents that were above their limit *before* too."""
    return [
        Verdict(
            kind=Kind.CONNECTIONS,
            action=Action.TERMINATE,
            agent=agent,
            claim=session.claim,
            subject=name_session(session),
            limit=sample.agents[agent].max_connections,
            found=sum(other.agent == agent for other in sample.sessions),
            role=sample.agents[agent].role,
            guard=Guard.SESSION,
            session=session,
        )
        for agent, sessions in crowded.items()
        if agent in before
        for session in sessions
        if name_session(session) not in past
    ]


def name_session(session: Session) -> str:
    """Return what names *session* as long as it is there."""
    return f"c:{session.pid}:{session.backend_start.timestamp():.6f}"
