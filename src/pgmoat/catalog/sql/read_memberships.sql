-- Roles that the agents' roles are members of, before PostgreSQL 16.
-- Parameters: agent_roles (text[]). Columns: the fields of Reach; privilege says what the member may do.
SELECT
    parent.rolname::pg_catalog.text AS object,
    'membership' AS kind,
    -- SET ROLE needs no inheritance here.
    pg_catalog.concat_ws(
        ', ',
        CASE WHEN m.admin_option THEN 'ADMIN' END,
        CASE WHEN member.rolinherit THEN 'INHERIT' END,
        'SET'
    ) AS privilege,
    member.rolname::pg_catalog.text AS path
FROM pg_catalog.pg_auth_members AS m
JOIN pg_catalog.pg_roles AS parent ON parent.oid = m.roleid
JOIN pg_catalog.pg_roles AS member ON member.oid = m.member
WHERE member.rolname = ANY (%(agent_roles)s::pg_catalog.text[])
ORDER BY path, object
