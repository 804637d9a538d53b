-- Freezes a task: its next statement, and its next COMMIT, is refused, and those of all tasks below it. Arguments: agent, task id, the reason.
-- Returns whether it was not frozen yet.
CREATE OR REPLACE FUNCTION pgmoat.freeze_task(agent text, task_id text, reason text)
RETURNS boolean LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
    PERFORM FROM pgmoat.task AS x WHERE x.agent = freeze_task.agent AND x.task_id = freeze_task.task_id;
    IF NOT FOUND THEN
        PERFORM pgmoat.refuse_unknown_task(freeze_task.agent, freeze_task.task_id);
    END IF;
    UPDATE pgmoat.task AS x SET frozen_at = clock_timestamp(), frozen_by = session_user, frozen_reason = reason
     WHERE x.agent = freeze_task.agent AND x.task_id = freeze_task.task_id AND x.frozen_at IS NULL;
    RETURN FOUND;
END
$function$;
