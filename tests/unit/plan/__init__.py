"""Tests of the plan, without a database."""
