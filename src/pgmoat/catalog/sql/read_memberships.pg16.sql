-- Roles that the agents' roles are members of, from PostgreSQL 16 on: each grant says what it gives.
-- Parameters: agent_roles (text[]). Columns: the fields of Reach; privilege says what the member may do.
SELECT
    parent.rolname::pg_catalog.text AS object,
    'membership' AS kind,
    -- The same role may be granted several times, by several grantors.
    pg_catalog.concat_ws(
        ', ',
        CASE WHEN pg_catalog.bool_or(m.admin_option) THEN 'ADMIN' END,
        CASE WHEN pg_catalog.bool_or(m.inherit_option) THEN 'INHERIT' END,
        CASE WHEN pg_catalog.bool_or(m.set_option) THEN 'SET' END
    ) AS privilege,
    member.rolname::pg_catalog.text AS path
FROM pg_catalog.pg_auth_members AS m
JOIN pg_catalog.pg_roles AS parent ON parent.oid = m.roleid
JOIN pg_catalog.pg_roles AS member ON member.oid = m.member
WHERE member.rolname = ANY (%(agent_roles)s::pg_catalog.text[])
GROUP BY parent.rolname, member.rolname
HAVING pg_catalog.bool_or(m.admin_option OR m.inherit_option OR m.set_option)
ORDER BY path, object
