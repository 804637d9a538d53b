"""
SQL templates of this part.

In: a name. Out: the text of ``sql/<name>.sql`` without its header comment. I/O: reads package files.
"""

from __future__ import annotations

from functools import cache
from typing import LiteralString

from pgmoat.postgres.sqlfile import load_sql


@cache
def load_template(name: str) -> LiteralString:
    """Return the template ``sql/<name>.sql`` of this part without its header comment."""
    text = load_sql("pgmoat.compiler", name)
    while text.startswith("--"):
        text = text.split("\n", 1)[1]
    return text
