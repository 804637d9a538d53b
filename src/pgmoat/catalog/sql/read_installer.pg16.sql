-- Who is connected, and what it may do, from PostgreSQL 16 on: a membership says whether it gives SET and ADMIN.
-- Columns: the flat fields of Installer. The lists are empty for a superuser, who needs none.
SELECT
    me.rolname::pg_catalog.text AS name,
    pg_catalog.current_setting('server_version_num')::pg_catalog.int4 AS server_version,
    me.rolsuper AS is_superuser,
    pg_catalog.array_remove(
        ARRAY[
            CASE WHEN me.rolcreaterole THEN 'CREATEROLE' END,
            CASE WHEN me.rolcreatedb THEN 'CREATEDB' END,
            CASE WHEN me.rolreplication THEN 'REPLICATION' END,
            CASE WHEN me.rolbypassrls THEN 'BYPASSRLS' END
        ],
        NULL
    ) AS powers,
    me.rolinherit AS inherits,
    pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') AS may_create_schemas,
    pg_catalog.has_table_privilege('pg_catalog.pg_authid', 'SELECT') AS sees_passwords,
    ARRAY(
        SELECT r.rolname::pg_catalog.text
        FROM pg_catalog.pg_roles AS r
        WHERE NOT me.rolsuper AND pg_catalog.pg_has_role(r.oid, 'USAGE')
    ) AS inherited,
    ARRAY(
        SELECT r.rolname::pg_catalog.text
        FROM pg_catalog.pg_roles AS r
        WHERE NOT me.rolsuper AND pg_catalog.pg_has_role(r.oid, 'SET')
    ) AS settable,
    ARRAY(
        SELECT r.rolname::pg_catalog.text
        FROM pg_catalog.pg_roles AS r
        WHERE NOT me.rolsuper AND pg_catalog.pg_has_role(r.oid, 'MEMBER WITH ADMIN OPTION')
    ) AS administered,
    ARRAY(
        SELECT r.rolname::pg_catalog.text FROM pg_catalog.pg_roles AS r WHERE NOT me.rolsuper AND r.rolsuper
    ) AS superusers,
    ARRAY(
        SELECT s.name
        FROM pg_catalog.pg_settings AS s
        WHERE NOT me.rolsuper AND (s.context = 'user' OR pg_catalog.has_parameter_privilege(s.name, 'SET'))
    ) AS parameters
FROM pg_catalog.pg_roles AS me
WHERE me.rolname = CURRENT_USER
