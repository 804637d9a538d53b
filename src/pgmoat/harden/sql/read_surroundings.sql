-- What a hardening of this database does not reach. Columns: open_databases (text[]: others where PUBLIC has CONNECT),
-- has_lax_large_objects (privileges on large objects are not looked at).
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
    pg_catalog.current_setting('lo_compat_privileges')::pg_catalog.bool AS has_lax_large_objects
