-- Parameters: how long the transaction may wait for its next statement.
SELECT pg_catalog.set_config('idle_in_transaction_session_timeout', $1, true)
