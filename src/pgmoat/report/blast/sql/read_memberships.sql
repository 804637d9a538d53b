-- Who is a member of whom; before PostgreSQL 16 the member's INHERIT decides, and SET ROLE is always allowed.
-- Columns: the fields of MembershipFact.
SELECT
    m.roleid::pg_catalog.int8 AS role,
    m.member::pg_catalog.int8 AS member,
    m.grantor::pg_catalog.int8 AS grantor,
    m.admin_option AS is_admin,
    r.rolinherit AS inherits,
    true AS may_set
FROM pg_catalog.pg_auth_members AS m
JOIN pg_catalog.pg_roles AS r ON r.oid = m.member
ORDER BY member, role, grantor
