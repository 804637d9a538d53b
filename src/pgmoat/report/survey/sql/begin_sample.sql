-- What holds for one step of sampling: nothing is written, nothing waits long, no condition of row security runs.
-- Parameters: statement, lock (milliseconds as text). Undone by the ROLLBACK that ends the step.
SELECT
    pg_catalog.set_config('transaction_read_only', 'on', true),
    pg_catalog.set_config('statement_timeout', %(statement)s, true),
    pg_catalog.set_config('lock_timeout', %(lock)s, true),
    pg_catalog.set_config('row_security', 'off', true),
    pg_catalog.set_config('search_path', 'pg_catalog', true),
    pg_catalog.set_config('jit', 'off', true),
    pg_catalog.set_config('max_parallel_workers_per_gather', '0', true),
    pg_catalog.set_config('bytea_output', 'hex', true),
    pg_catalog.set_config('datestyle', 'ISO', true),
    pg_catalog.set_config('timezone', 'UTC', true)
