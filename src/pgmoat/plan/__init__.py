"""Wanted minus actual: what to do, how it reads, and doing it."""
