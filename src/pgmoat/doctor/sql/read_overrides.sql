-- Settings of the database and of all roles, and those that an agent's role has in this database only: a session of an
-- agent gets the last kind instead of what the policy says. Parameters: agent_roles.
-- Columns: role ('' for all), database ('' for all), setting (name=value, as bytes).
SELECT
    CASE s.setrole WHEN 0 THEN '' ELSE pg_catalog.pg_get_userbyid(s.setrole)::pg_catalog.text END AS role,
    COALESCE(d.datname::pg_catalog.text, '') AS database,
    pg_catalog.textsend(c.setting) AS setting
FROM pg_catalog.pg_db_role_setting AS s
LEFT JOIN pg_catalog.pg_database AS d ON d.oid = s.setdatabase
CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS c (setting)
WHERE (s.setrole = 0 AND (s.setdatabase = 0 OR d.datname = pg_catalog.current_database()))
    OR (
        d.datname = pg_catalog.current_database()
        AND pg_catalog.pg_get_userbyid(s.setrole) = ANY (%(agent_roles)s::pg_catalog.text[])
    )
ORDER BY role, database, c.setting
