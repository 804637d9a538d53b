-- Roles as they are, with who granted each membership: a REVOKE must name the grantor.
-- Parameters: roles (text[]). Columns: name, login, connection_limit, powers, comment, member_of (pairs of
-- role and grantor), settings and database_settings (name=value, as bytes).
SELECT
    r.rolname::pg_catalog.text AS name,
    r.rolcanlogin AS login,
    r.rolconnlimit AS connection_limit,
    pg_catalog.array_remove(
        ARRAY[
            CASE WHEN r.rolsuper THEN 'SUPERUSER' END,
            CASE WHEN r.rolcreaterole THEN 'CREATEROLE' END,
            CASE WHEN r.rolcreatedb THEN 'CREATEDB' END,
            CASE WHEN r.rolreplication THEN 'REPLICATION' END,
            CASE WHEN r.rolbypassrls THEN 'BYPASSRLS' END
        ],
        NULL
    ) AS powers,
    COALESCE(pg_catalog.shobj_description(r.oid, 'pg_authid'), '') AS comment,
    ARRAY(
        SELECT ARRAY[pg_catalog.pg_get_userbyid(m.roleid)::pg_catalog.text, pg_catalog.pg_get_userbyid(m.grantor)::pg_catalog.text]
        FROM pg_catalog.pg_auth_members AS m
        WHERE m.member = r.oid
        ORDER BY 1
    ) AS member_of,
    ARRAY(SELECT pg_catalog.textsend(x) FROM pg_catalog.unnest(everywhere.setconfig) AS x) AS settings,
    ARRAY(SELECT pg_catalog.textsend(x) FROM pg_catalog.unnest(here.setconfig) AS x) AS database_settings
FROM pg_catalog.pg_roles AS r
LEFT JOIN pg_catalog.pg_db_role_setting AS everywhere ON everywhere.setrole = r.oid AND everywhere.setdatabase = 0
LEFT JOIN pg_catalog.pg_db_role_setting AS here
    ON here.setrole = r.oid
   AND here.setdatabase = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
WHERE r.rolname = ANY (%(roles)s::pg_catalog.text[])
ORDER BY name
