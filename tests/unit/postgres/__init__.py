"""Tests of pgmoat.postgres."""
