-- The agents' roles as they are. Parameters: agent_roles. Columns: as in pgmoat.doctor.agents.AgentRole.
SELECT
    r.rolname::pg_catalog.text AS name,
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
    ARRAY(
        SELECT DISTINCT pg_catalog.pg_get_userbyid(m.roleid)::pg_catalog.text
        FROM pg_catalog.pg_auth_members AS m
        WHERE m.member = r.oid
        ORDER BY 1
    ) AS member_of,
    ARRAY(
        SELECT pg_catalog.concat(c.relnamespace::pg_catalog.regnamespace, '.', c.relname)
        FROM pg_catalog.pg_class AS c
        WHERE c.relowner = r.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.relpersistence <> 't'
        ORDER BY 1
    ) AS owned
FROM pg_catalog.pg_roles AS r
WHERE r.rolname = ANY (%(agent_roles)s::pg_catalog.text[])
ORDER BY name
