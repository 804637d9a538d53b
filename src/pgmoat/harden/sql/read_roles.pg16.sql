-- Every role but PostgreSQL's own, from PostgreSQL 16 on: each membership says whether it inherits.
-- Columns: name, is_superuser, is_marked (pgmoat's own, of whatever database), member_of, inherits (text[]).
SELECT
    r.rolname::pg_catalog.text AS name,
    r.rolsuper AS is_superuser,
    -- A role may not comment on itself. Agents of an older pgmoat have their doc as comment: they are told by their
    -- settings, which they can reset.
    COALESCE(
        pg_catalog.starts_with(pg_catalog.shobj_description(r.oid, 'pg_authid'), 'pgmoat: ')
        OR (
            s.setconfig @> ARRAY['application_name=' || r.rolname::pg_catalog.text]
            AND EXISTS (
                SELECT FROM pg_catalog.unnest(s.setconfig) AS c (setting)
                WHERE c.setting ~ '^search_path=.*, "?pg_temp"?$'
            )
        ),
        false
    ) AS is_marked,
    ARRAY(
        SELECT DISTINCT g.rolname::pg_catalog.text
        FROM pg_catalog.pg_auth_members AS m
        JOIN pg_catalog.pg_roles AS g ON g.oid = m.roleid
        WHERE m.member = r.oid AND (m.inherit_option OR m.set_option OR m.admin_option)
        ORDER BY 1
    ) AS member_of,
    ARRAY(
        SELECT DISTINCT g.rolname::pg_catalog.text
        FROM pg_catalog.pg_auth_members AS m
        JOIN pg_catalog.pg_roles AS g ON g.oid = m.roleid
        WHERE m.member = r.oid AND m.inherit_option
        ORDER BY 1
    ) AS inherits
FROM pg_catalog.pg_roles AS r
LEFT JOIN pg_catalog.pg_db_role_setting AS s ON s.setrole = r.oid AND s.setdatabase = 0
WHERE NOT pg_catalog.starts_with(r.rolname::pg_catalog.text, 'pg_')
ORDER BY r.rolname
