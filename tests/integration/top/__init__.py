"""pgmoat top in a terminal, and pgmoat usage, against a real server."""
