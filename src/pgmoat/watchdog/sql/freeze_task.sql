-- Freezes a task, if the holder leads and it is not frozen yet, and records it.
-- Parameters: holder, reason, and those of record_incident. Columns: incident.
WITH frozen AS MATERIALIZED (
    SELECT pgmoat.freeze_task(%(agent)s, %(task_id)s, %(reason)s) AS is_new
     WHERE pgmoat.leads(%(holder)s)
)
SELECT pgmoat.record_incident(%(agent)s, %(task_id)s, %(step)s, %(kind)s, %(action)s, %(subject)s, %(detail)s::pg_catalog.jsonb)
       AS incident
  FROM frozen
 WHERE frozen.is_new;
