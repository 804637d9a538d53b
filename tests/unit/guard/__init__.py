"""Tests of pgmoat.guard."""
