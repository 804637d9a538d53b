-- Where we are and what we may see. Columns: database, is_installed, has_passwords, map_tables.
SELECT
    pg_catalog.current_database()::pg_catalog.text AS database,
    pg_catalog.to_regclass('pgmoat.object') IS NOT NULL AS is_installed,
    pg_catalog.has_table_privilege('pg_catalog.pg_authid', 'SELECT') AS has_passwords,
    ARRAY(
        SELECT c.relname::pg_catalog.text
        FROM pg_catalog.pg_class AS c
        JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname = 'pgmoat_map' AND c.relkind = 'r'
        ORDER BY 1
    ) AS map_tables
