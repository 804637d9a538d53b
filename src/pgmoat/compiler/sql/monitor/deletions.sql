-- Which rows agents deleted, a row per row.
CREATE VIEW pgmoat.deletions AS
SELECT h.at, h.agent, h.task_id, h.step, h.entity, h.key, h.reason, h.before, h.xid, h.statement_id
  FROM pgmoat.history AS h
 WHERE h.operation = 'delete';
