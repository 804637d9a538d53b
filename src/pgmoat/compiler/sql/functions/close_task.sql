-- Closes a task: its token is refused from then on, and those of all tasks below it. Arguments: the agent's name and the task's id.
-- Returns whether it was open.
CREATE OR REPLACE FUNCTION pgmoat.close_task(agent text, task_id text)
RETURNS boolean LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
    k pgmoat.task;
BEGIN
    SELECT * INTO k FROM pgmoat.task AS x
     WHERE x.agent = close_task.agent AND x.task_id = close_task.task_id FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM pgmoat.refuse_unknown_task(close_task.agent, close_task.task_id);
    END IF;
    UPDATE pgmoat.task AS x SET closed_at = clock_timestamp(), closed_by = session_user
     WHERE x.id = k.id AND x.closed_at IS NULL;
    RETURN FOUND;
END
$function$;
