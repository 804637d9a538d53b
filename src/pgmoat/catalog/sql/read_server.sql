-- What the server and the database are. Columns: the scalar fields of Catalog.
SELECT
    pg_catalog.current_setting('server_version_num')::pg_catalog.int4 AS server_version,
    pg_catalog.current_database()::pg_catalog.text AS database,
    pg_catalog.current_setting('max_connections')::pg_catalog.int4 AS max_connections,
    -- reserved_connections came with PostgreSQL 16.
    pg_catalog.current_setting('superuser_reserved_connections')::pg_catalog.int4
        + COALESCE(pg_catalog.current_setting('reserved_connections', true), '0')::pg_catalog.int4
        AS reserved_connections
