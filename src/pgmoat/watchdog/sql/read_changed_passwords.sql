-- Agents' roles with another password than the recorded one, for a superuser. Columns: agent, role.
SELECT a.name AS agent, a.role::pg_catalog.text AS role
  FROM pgmoat.agent AS a
  JOIN pg_catalog.pg_authid AS r ON r.rolname = a.role
 WHERE a.retired_at IS NULL AND a.password_verifier IS NOT NULL AND r.rolpassword IS DISTINCT FROM a.password_verifier
 ORDER BY a.name;
