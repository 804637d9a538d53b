-- What runs. Columns: version_number (server_version_num), is_standby, max_prepared_transactions.
SELECT
    pg_catalog.current_setting('server_version_num')::pg_catalog.int4 AS version_number,
    pg_catalog.pg_is_in_recovery() AS is_standby,
    pg_catalog.current_setting('max_prepared_transactions')::pg_catalog.int4 AS max_prepared_transactions
