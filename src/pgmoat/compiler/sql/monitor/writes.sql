-- What each command wrote. Counted from the changes: one statement may write several entities, and only the first
-- of its commands has a row in pgmoat.statement then.
CREATE VIEW pgmoat.writes AS
SELECT s.at, k.agent, k.task_id, s.step, c.entity,
       CASE c.operation WHEN 'I' THEN 'insert' WHEN 'U' THEN 'update' WHEN 'D' THEN 'delete' END AS operation,
       count(*) AS rows, s.reason, s.xid, s.id AS statement_id
  FROM pgmoat.statement AS s
  JOIN pgmoat.task AS k ON k.id = s.task
  JOIN pgmoat.change AS c ON c.xid = s.xid AND c.id BETWEEN s.first_change AND s.last_change
 GROUP BY s.at, k.agent, k.task_id, s.step, c.entity, c.operation, s.reason, s.xid, s.id;
