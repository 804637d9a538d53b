"""Tests of pgmoat.policy."""
