-- Time limits, search_path and the like as every session begins with them. Columns: name, value, context.
SELECT s.name, s.reset_val AS value, s.context
FROM pg_catalog.pg_settings AS s
WHERE s.name IN (
    'statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'idle_session_timeout',
    'transaction_timeout', 'temp_file_limit', 'search_path', 'max_connections', 'max_prepared_transactions', 'lo_compat_privileges'
)
ORDER BY s.name
