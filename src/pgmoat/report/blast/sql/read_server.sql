-- The server, the database, and who reads. Columns: the fields of Server.
SELECT
    pg_catalog.current_setting('server_version_num')::pg_catalog.int4 AS server_version,
    d.datname::pg_catalog.text AS database,
    d.datdba::pg_catalog.int8 AS database_owner,
    r.rolname::pg_catalog.text AS reader,
    r.rolsuper AS is_superuser,
    EXISTS (  -- to_regclass() fails on a schema that the reader may not use
        SELECT
        FROM pg_catalog.pg_class AS c
        JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname = 'pgmoat' AND c.relname = 'object'
    ) AS is_installed,
    COALESCE(
        (
            SELECT pg_catalog.has_schema_privilege(n.oid, 'USAGE')
                AND pg_catalog.has_column_privilege(c.oid, 'kind', 'SELECT')
                AND pg_catalog.has_column_privilege(c.oid, 'name', 'SELECT')
                AND pg_catalog.has_column_privilege(c.oid, 'detail', 'SELECT')
            FROM pg_catalog.pg_namespace AS n
            JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = 'object'
            WHERE n.nspname = 'pgmoat'
        ),
        false
    ) AS is_manifest_readable,
    pg_catalog.has_function_privilege('pg_catalog.pg_hba_file_rules()', 'EXECUTE') AS is_hba_readable
FROM pg_catalog.pg_database AS d
JOIN pg_catalog.pg_roles AS r ON r.rolname = CURRENT_USER
WHERE d.datname = pg_catalog.current_database()
