"""Tests of pgmoat."""
