-- Raises the error for an agent that names a task which is not its own to name.
-- Arguments: the agent (NULL: the role is none's), the task (NULL: the agent may name none).
CREATE OR REPLACE FUNCTION pgmoat.refuse_claim(agent text, task_id text)
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF task_id IS NULL THEN
        PERFORM pgmoat.count_refusal('PM019');
        RAISE EXCEPTION 'pgmoat: % does not claim its tasks', COALESCE('agent ' || agent, 'role ' || session_user)
            USING ERRCODE = 'PM019',
                  HINT = 'Call pgmoat.enter($1, $2) with the token that the orchestrator got from pgmoat.open_task(). '
                         'A person allows claiming with "tasks: claimed" in the policy.';
    END IF;
    PERFORM pgmoat.count_refusal('PM019');
    RAISE EXCEPTION 'pgmoat: task % of agent % is not one that the agent claims: it was opened with a token', task_id, agent
        USING ERRCODE = 'PM019', HINT = 'Enter it with its token: pgmoat.enter($1, $2). Or claim another id.';
END
$function$;
