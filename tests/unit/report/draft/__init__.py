"""Tests of drafts, without a database."""
