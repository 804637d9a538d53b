"""Claims and facts agree on the demo's shop, and what is not so is told."""

from __future__ import annotations

from pgmoat.report.blast.compare import Verdict
from tests.integration.blast.conftest import Example, compute, prove_it


def test_no_difference_for_any_agent_of_the_example(example: Example) -> None:
    for agent in example.moat.policy.agents:
        blast = compute(example.dsn, example.moat.role(agent))
        proof = prove_it(example.dsn, blast)
        assert proof.differences == ()
        assert proof.of(Verdict.BLOCKED) == ()
        assert len(proof.of(Verdict.PROVEN)) > 20
        assert proof.refused > 100
