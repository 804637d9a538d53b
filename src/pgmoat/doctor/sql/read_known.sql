-- What the database knows of the policy in force. Columns: agent_roles, tables.
SELECT
    ARRAY(SELECT a.role::text FROM pgmoat.agent AS a WHERE a.retired_at IS NULL ORDER BY a.role) AS agent_roles,
    ARRAY(SELECT DISTINCT e.base_table FROM pgmoat.entity AS e ORDER BY e.base_table) AS tables
