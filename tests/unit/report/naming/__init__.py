"""Names: words, levels, expansions, concepts."""
