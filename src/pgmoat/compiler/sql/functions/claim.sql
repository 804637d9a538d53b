-- Enters the task that the agent itself names, for the rest of the transaction; opens it if there is none of that name.
-- For agents with "tasks: claimed" only. Arguments: the agent's id for the task, a label of the reasoning step, the reason
-- for deletions. Returns the task's id.
CREATE OR REPLACE FUNCTION pgmoat.claim(task_id text, step text DEFAULT NULL, reason text DEFAULT NULL)
RETURNS text LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    a record;
BEGIN
    SELECT x.name, x.task_mode INTO a FROM pgmoat.agent AS x WHERE x.role = session_user;
    IF a.task_mode IS DISTINCT FROM 'claimed' THEN
        PERFORM pgmoat.refuse_claim(a.name, NULL);
    END IF;
    -- The session can read the token then. It is worth no more than the name: whoever may show it may claim the task.
    RETURN pgmoat.enter(pgmoat.make_task('claimed', a.name, task_id, '{}', NULL, NULL, NULL), step, reason);
END
$function$;
