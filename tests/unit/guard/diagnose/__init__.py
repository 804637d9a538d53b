"""The diagnosis of empty answers, without a database."""
