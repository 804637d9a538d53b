-- Agents' roles: the settings and the CONNECTION LIMIT that apply gave them, and those that they have now.
-- Columns: agent, role, wanted (JSON object as text), settings, database_settings (name=value, as bytes), wanted_limit (text),
-- connection_limit.
SELECT a.name AS agent, r.rolname::pg_catalog.text AS role, o.detail ->> 'settings' AS wanted,
       ARRAY(SELECT pg_catalog.textsend(x) FROM pg_catalog.unnest(everywhere.setconfig) AS x) AS settings,
       ARRAY(SELECT pg_catalog.textsend(x) FROM pg_catalog.unnest(here.setconfig) AS x) AS database_settings,
       o.detail ->> 'connection_limit' AS wanted_limit, r.rolconnlimit AS connection_limit
  FROM pgmoat.agent AS a
  JOIN pg_catalog.pg_roles AS r ON r.rolname = a.role
  JOIN pgmoat.object AS o ON o.kind = 'role' AND o.name = r.rolname AND o.detail ? 'settings'
  LEFT JOIN pg_catalog.pg_db_role_setting AS everywhere ON everywhere.setrole = r.oid AND everywhere.setdatabase = 0
  LEFT JOIN pg_catalog.pg_db_role_setting AS here
    ON here.setrole = r.oid
   AND here.setdatabase = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
 WHERE a.retired_at IS NULL
 ORDER BY a.name;
