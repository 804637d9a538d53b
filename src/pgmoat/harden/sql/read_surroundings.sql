-- What a hardening of this database does not reach. Columns: open_databases (text[]: others where PUBLIC has CONNECT),
-- has_lax_large_objects (privileges on large objects are not looked at), unknown_databases (text[]).
-- Parameters: databases (text[]: those that were named).
SELECT
    ARRAY(
        SELECT d.datname::pg_catalog.text
        FROM pg_catalog.pg_database AS d
        WHERE d.datallowconn
            AND d.datname <> pg_catalog.current_database()
            AND EXISTS (
                SELECT
                FROM pg_catalog.aclexplode(COALESCE(d.datacl, pg_catalog.acldefault('d', d.datdba))) AS e
                WHERE e.grantee = 0 AND e.privilege_type = 'CONNECT'
            )
        ORDER BY d.datname
    ) AS open_databases,
    pg_catalog.current_setting('lo_compat_privileges')::pg_catalog.bool AS has_lax_large_objects,
    ARRAY(
        SELECT w.name
        FROM pg_catalog.unnest(%(databases)s::pg_catalog.text[]) AS w (name)
        WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_database AS d WHERE d.datname = w.name)
    ) AS unknown_databases
