"""Tests of pgmoat.guard.rules."""
