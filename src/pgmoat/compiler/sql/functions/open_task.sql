-- Opens a task, or re-enters it: the same id is the same task, so a retry keeps its budget, deadline and token.
-- Arguments: the agent's name, the orchestrator's id for the task, its scope, how long it may take and how many rows
-- it may write (both at most, and by default, what the agent's limits say), the task that it is a child of, if any: what
-- it writes is charged to that one too, and it ends no later. Returns the task's token.
CREATE OR REPLACE FUNCTION pgmoat.open_task(agent text, task_id text, scope jsonb DEFAULT '{}',
    duration interval DEFAULT NULL, max_writes bigint DEFAULT NULL, parent_agent text DEFAULT NULL,
    parent_task_id text DEFAULT NULL)
RETURNS text LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    parent bigint;
BEGIN
    PERFORM pgmoat.check_agent(agent);
    IF parent_agent IS NOT NULL OR parent_task_id IS NOT NULL THEN
        SELECT x.id INTO parent FROM pgmoat.task AS x
         WHERE x.agent = COALESCE(parent_agent, open_task.agent) AND x.task_id = parent_task_id;
        IF NOT FOUND THEN
            PERFORM pgmoat.refuse_unknown_task(COALESCE(parent_agent, agent), parent_task_id);
        END IF;
    END IF;
    RETURN pgmoat.make_task('issued', agent, task_id, scope, duration, max_writes, parent);
END
$function$;
