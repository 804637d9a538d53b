"""The nouns: frozen data, no I/O and no SQL."""
