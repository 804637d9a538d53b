"""
The record of the accounting tests, and the command line as a process.

Out: fixtures. I/O: PostgreSQL, processes.
"""

from __future__ import annotations

from tests.integration.accounting.conftest import installed_record, record

__all__ = ["installed_record", "record"]
