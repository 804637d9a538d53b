-- What a pooler before this server has to know.
-- Columns: the fields of ServerFacts.
SELECT
    pg_catalog.current_setting('max_connections')::pg_catalog.int4 AS max_connections,
    -- reserved_connections came with PostgreSQL 16.
    pg_catalog.current_setting('superuser_reserved_connections')::pg_catalog.int4
        + COALESCE(pg_catalog.current_setting('reserved_connections', true), '0')::pg_catalog.int4
        AS reserved_connections,
    pg_catalog.current_setting('client_connection_check_interval') <> '0' AS notices_gone_clients,
    pg_catalog.has_column_privilege('pg_catalog.pg_authid', 'rolpassword', 'SELECT') AS sees_passwords
