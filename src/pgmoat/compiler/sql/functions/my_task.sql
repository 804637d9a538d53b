-- What the agent may know of its own task: what is used and what is left. One row, or none without a task.
CREATE OR REPLACE FUNCTION pgmoat.my_task()
RETURNS TABLE (agent text, task_id text, step text, rows_used bigint, rows_left bigint, rows_per_statement integer, deadline timestamptz)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT s.agent, s.task_id, NULLIF(current_setting('pgmoat.step', true), ''), COALESCE(l.rows_used, 0),
           s.writes_per_task - COALESCE(l.rows_used, 0), s.rows_per_statement, s.deadline
      FROM pgmoat.session_task AS s
      LEFT JOIN LATERAL (SELECT x.rows_used FROM pgmoat.ledger AS x WHERE x.task = s.id ORDER BY x.seq DESC LIMIT 1) AS l ON true;
END
$function$;
