-- What the agent may know of its own task: what is used, and what is left in it and in all above it. One row, or none
-- without a task.
CREATE OR REPLACE FUNCTION pgmoat.my_task()
RETURNS TABLE (agent text, task_id text, step text, rows_used bigint, rows_left bigint, rows_per_statement integer,
    deadline timestamptz, parent text)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off -- as everywhere: a plan made while the ledger was empty must not scan a grown one
AS $function$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH mine AS (
        SELECT s.id, s.agent, s.task_id, NULLIF(pgmoat.clean_step(current_setting('pgmoat.step', true)), '') AS step,
               s.rows_per_statement, s.deadline, s.parent, s.ancestors, s.writes_per_task
          FROM pgmoat.session_task AS s
         UNION ALL
        SELECT n.id, n.agent, n.task_id, n.step, n.rows_per_statement, n.deadline, n.parent, n.ancestors, n.writes_per_task
          FROM pgmoat.named_task AS n WHERE n.origin = 'claimed' OR n.origin IS NULL),
    chain AS (
        SELECT k.id, COALESCE(l.rows_used, 0) AS rows_used, LEAST(a.writes_per_task, k.max_writes) AS max_rows
          FROM mine AS m JOIN pgmoat.task AS k ON k.id = ANY (m.ancestors || m.id) JOIN pgmoat.agent AS a ON a.name = k.agent
          LEFT JOIN LATERAL (SELECT x.rows_used FROM pgmoat.ledger AS x WHERE x.task = k.id ORDER BY x.seq DESC LIMIT 1) AS l ON true)
    SELECT m.agent, m.task_id, m.step, COALESCE((SELECT c.rows_used FROM chain AS c WHERE c.id = m.id), 0),
           COALESCE((SELECT min(c.max_rows - c.rows_used) FROM chain AS c), m.writes_per_task), m.rows_per_statement, m.deadline,
           (SELECT k.task_id FROM pgmoat.task AS k WHERE k.id = m.parent)
      FROM mine AS m;
END
$function$;
