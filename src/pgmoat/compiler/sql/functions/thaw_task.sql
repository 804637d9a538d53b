-- Thaws a task; those below it go on, but for those that were frozen by themselves. Arguments: agent, task id. Returns whether it was frozen.
CREATE OR REPLACE FUNCTION pgmoat.thaw_task(agent text, task_id text)
RETURNS boolean LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
    PERFORM FROM pgmoat.task AS x WHERE x.agent = thaw_task.agent AND x.task_id = thaw_task.task_id;
    IF NOT FOUND THEN
        PERFORM pgmoat.refuse_unknown_task(thaw_task.agent, thaw_task.task_id);
    END IF;
    UPDATE pgmoat.task AS x SET frozen_at = NULL, frozen_by = NULL, frozen_reason = NULL
     WHERE x.agent = thaw_task.agent AND x.task_id = thaw_task.task_id AND x.frozen_at IS NOT NULL;
    RETURN FOUND;
END
$function$;
