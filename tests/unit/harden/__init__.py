"""Tests of closures, without a database."""
