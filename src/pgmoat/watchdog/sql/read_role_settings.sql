-- Agents' roles: the settings and the CONNECTION LIMIT that apply gave them, and those that they have now. Of a setting above
-- 1 kB only the beginning and the length come: a role may give itself megabytes, and nothing that is wanted is so long. As
-- bytes: they may be of another database's encoding.
-- Columns: agent, role, wanted (JSON object as text), settings, database_settings (name=value), wanted_limit (text),
-- connection_limit.
SELECT a.name AS agent, r.rolname::pg_catalog.text AS role, o.detail ->> 'settings' AS wanted,
       COALESCE(x.everywhere, '{}') AS settings, COALESCE(x.here, '{}') AS database_settings,
       o.detail ->> 'connection_limit' AS wanted_limit, r.rolconnlimit AS connection_limit
  FROM pgmoat.agent AS a
  JOIN pg_catalog.pg_roles AS r ON r.rolname = a.role
  JOIN pgmoat.object AS o ON o.kind = 'role' AND o.name = r.rolname AND o.detail ? 'settings'
 CROSS JOIN LATERAL (
        SELECT pg_catalog.array_agg(v.shown) FILTER (WHERE s.setdatabase = 0) AS everywhere,
               pg_catalog.array_agg(v.shown) FILTER (WHERE s.setdatabase <> 0) AS here
          FROM pg_catalog.pg_db_role_setting AS s
         CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS u (setting)
         CROSS JOIN LATERAL (
                SELECT CASE WHEN pg_catalog.octet_length(u.setting) <= 1024 THEN pg_catalog.textsend(u.setting)
                            ELSE pg_catalog.substr(pg_catalog.textsend(u.setting), 1, e.place + 200)
                                 || pg_catalog.textsend('... (' || pg_catalog.octet_length(u.setting) || ' bytes)')
                       END AS shown
                  FROM (SELECT pg_catalog.position(pg_catalog.textsend(u.setting), '\x3d'::pg_catalog.bytea) AS place) AS e) AS v
         WHERE s.setrole = r.oid
           AND s.setdatabase IN (0, (SELECT d.oid FROM pg_catalog.pg_database AS d
                                      WHERE d.datname = pg_catalog.current_database()))) AS x
 WHERE a.retired_at IS NULL
 ORDER BY a.name;
