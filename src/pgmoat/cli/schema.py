"""
``pgmoat schema``: the JSON Schema of the policy file.

In: nothing. Out: JSON on standard output. I/O: the terminal.
"""

from __future__ import annotations

from pgmoat.cli.output import print_json
from pgmoat.policy.json_schema import policy_json_schema


def schema() -> None:
    """
    Print the JSON Schema of moat.yaml, for editors and checkers.

    Example: [bold]pgmoat schema > moat.schema.json[/], then put
    [bold]# yaml-language-server: $schema=moat.schema.json[/] on the policy's first line.
    """
    print_json(policy_json_schema())
