-- Parameters: how long a statement of the transaction may take.
SELECT pg_catalog.set_config('statement_timeout', $1, true)
