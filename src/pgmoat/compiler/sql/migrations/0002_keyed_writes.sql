-- Writes of agents' own SQL have idempotency keys too: the history names operations of the policy, and not those.

CREATE OR REPLACE VIEW pgmoat.history AS
SELECT c.at, k.agent, k.task_id, s.step, c.entity,
       CASE c.operation WHEN 'I' THEN 'insert' WHEN 'U' THEN 'update' WHEN 'D' THEN 'delete' END AS operation,
       (SELECT jsonb_object_agg(j.name, COALESCE(c.before, c.after) -> j.name)
          FROM pgmoat.entity AS e CROSS JOIN LATERAL unnest(e.key_columns) AS j (name)
         WHERE e.name = c.entity) AS key,
       c.before, c.after, s.reason, s.query, c.xid, s.id AS statement_id, c.id AS change_id,
       (SELECT o.operation FROM pgmoat.operation_call AS o
         WHERE o.xid = c.xid AND c.id BETWEEN o.first_change AND o.last_change AND o.operation <> 'write()') AS called
  FROM pgmoat.change AS c
  JOIN pgmoat.statement AS s ON s.xid = c.xid AND c.id BETWEEN s.first_change AND s.last_change
  JOIN pgmoat.task AS k ON k.id = s.task;

COMMENT ON TABLE pgmoat.operation_call IS
    'One row per call of an operation that was done, and per keyed write of an agent''s own, which is called write(): its '
    'idempotency key, the hash of its request, and its result.';
COMMENT ON COLUMN pgmoat.operation_call.request IS
    'The parameters that were given; NULL when they are longer than 8 kB as text.';
COMMENT ON TABLE pgmoat.statement IS
    'One row per write command of an agent that wrote something, and one of no rows per keyed write, which has the bytes of its '
    'request and result charged. (xid, at) is one statement of the client, whatever it contains.';
COMMENT ON COLUMN pgmoat.operation_call.first_change IS
    'It wrote changes first_change to last_change of xid. While it runs, the newest change before it.';
