"""
SQLAlchemy's engines for agents; needs ``pip install pgmoat[sqlalchemy]``.

In: a policy. Out: engines, writes that take effect once.
"""

from pgmoat.runtime.sqlalchemy.engine import create_agent_engine, create_async_agent_engine
from pgmoat.runtime.sqlalchemy.once import Written, write_once

__all__ = ["Written", "create_agent_engine", "create_async_agent_engine", "write_once"]
