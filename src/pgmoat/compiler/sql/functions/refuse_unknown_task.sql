-- Raises the error for a task that does not exist. Arguments: the agent's name and the task's id.
CREATE OR REPLACE FUNCTION pgmoat.refuse_unknown_task(agent text, task_id text)
RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM pgmoat.count_refusal('PM032');
    RAISE EXCEPTION 'pgmoat: agent % has no task %', quote_literal(agent), quote_literal(task_id)
        USING ERRCODE = 'PM032', HINT = 'pgmoat task list shows the tasks.';
END
$function$;
