"""Tests of pgmoat.demo that need no server."""
