"""Event logs: one event per key, allowed steps only, nothing edited."""
