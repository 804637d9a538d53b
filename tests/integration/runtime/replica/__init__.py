"""Tests of reads on a streaming replica."""
