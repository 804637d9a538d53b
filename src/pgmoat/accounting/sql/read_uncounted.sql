-- Agents that only read: PostgreSQL counts nothing for a transaction that is read-only, and so none of their refusals.
-- Parameters: none. Columns: agent.
SELECT a.name AS agent
  FROM pgmoat.agent AS a
  JOIN pgmoat.object AS o ON o.kind = 'role' AND o.name = a.role
 WHERE (o.detail ->> 'settings')::pg_catalog.jsonb ->> 'default_transaction_read_only' = 'on'
 ORDER BY a.name;
