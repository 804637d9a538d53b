-- Whether a task may write so many rows more without a person's word. Arguments: tasks, the rows. Returns what asks for it at the
-- first that may not; NULL where all may.
CREATE OR REPLACE FUNCTION pgmoat.ask_tasks(tasks bigint[], own_due bigint)
RETURNS text LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $function$
    SELECT format('task %s writes %s rows without a person''s word, more than %s', k.task_id, COALESCE(l.own_rows, 0) + own_due,
                  a.approval_task_rows)
      FROM pgmoat.task AS k JOIN pgmoat.agent AS a ON a.name = k.agent
      LEFT JOIN LATERAL (SELECT x.own_rows FROM pgmoat.ledger AS x WHERE x.task = k.id ORDER BY x.seq DESC LIMIT 1) AS l ON true
     WHERE k.id = ANY (tasks) AND COALESCE(l.own_rows, 0) + own_due > a.approval_task_rows
     ORDER BY k.id DESC LIMIT 1;
$function$;
