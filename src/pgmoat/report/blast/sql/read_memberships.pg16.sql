-- Who is a member of whom, with the options of each membership. Columns: the fields of MembershipFact.
SELECT
    m.roleid::pg_catalog.int8 AS role,
    m.member::pg_catalog.int8 AS member,
    m.grantor::pg_catalog.int8 AS grantor,
    m.admin_option AS is_admin,
    m.inherit_option AS inherits,
    m.set_option AS may_set
FROM pg_catalog.pg_auth_members AS m
ORDER BY member, role, grantor
