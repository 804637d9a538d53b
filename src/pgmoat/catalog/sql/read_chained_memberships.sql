-- pgmoat's own roles that agents' roles reach through another role. Whatever the grants say: the ADMIN option of one
-- is enough to give oneself the rest.
-- Parameters: agent_roles, system_roles (text[]). Columns: the fields of Reach; privilege is the role in between.
WITH RECURSIVE reached AS (
    SELECT m.member AS agent, m.roleid AS first, m.roleid AS role, 1 AS steps
    FROM pg_catalog.pg_auth_members AS m
    JOIN pg_catalog.pg_roles AS member ON member.oid = m.member
    WHERE member.rolname = ANY (%(agent_roles)s::pg_catalog.text[])
    UNION
    -- PostgreSQL allows no circle of memberships, so this ends.
    SELECT r.agent, r.first, m.roleid, r.steps + 1
    FROM reached AS r
    JOIN pg_catalog.pg_auth_members AS m ON m.member = r.role
)
SELECT DISTINCT
    role.rolname::pg_catalog.text AS object,
    'membership-chain' AS kind,
    first.rolname::pg_catalog.text AS privilege,
    agent.rolname::pg_catalog.text AS path
FROM reached AS r
JOIN pg_catalog.pg_roles AS agent ON agent.oid = r.agent
JOIN pg_catalog.pg_roles AS first ON first.oid = r.first
JOIN pg_catalog.pg_roles AS role ON role.oid = r.role
WHERE r.steps > 1 AND role.rolname = ANY (%(system_roles)s::pg_catalog.text[])
ORDER BY path, object, privilege
