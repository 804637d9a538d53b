-- Raises the error that says why a task may not go on. Called only when something is wrong, so it may be slow.
-- Arguments: the task's and its agent's state, as in pgmoat.session_task.
CREATE OR REPLACE FUNCTION pgmoat.refuse_task(task_id text, agent text, deadline timestamptz, closed_at timestamptz,
    frozen_at timestamptz, frozen_reason text, agent_frozen_at timestamptz, agent_frozen_reason text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF task_id IS NULL THEN
        PERFORM pgmoat.count_refusal('PM001');
        RAISE EXCEPTION 'pgmoat: no open task: this session shows no token, or not one of role %', session_user
            USING ERRCODE = 'PM001',
                  HINT = CASE WHEN EXISTS (SELECT FROM pgmoat.agent AS a WHERE a.role = session_user AND a.task_mode = 'claimed')
                         THEN 'In the same transaction, first name your task: pgmoat.claim($1, $2), or set application_name to '
                              'pgmoat:<task>:<step>. ' ELSE '' END || 'With a token, call pgmoat.enter($1, $2) first in the same transaction, the token bound as a parameter. '
                         'The orchestrator gets tokens from pgmoat.open_task().';
    ELSIF agent_frozen_at IS NOT NULL THEN
        PERFORM pgmoat.count_refusal('PM005');
        RAISE EXCEPTION 'pgmoat: agent % is frozen since %', agent, date_trunc('second', agent_frozen_at)
            USING ERRCODE = 'PM005', DETAIL = 'Reason: ' || COALESCE(agent_frozen_reason, 'none given'),
                  HINT = 'Stop. Do not retry: a person or a breaker froze this agent, and a person has to thaw it.';
    ELSIF frozen_at IS NOT NULL THEN
        PERFORM pgmoat.count_refusal('PM004');
        RAISE EXCEPTION 'pgmoat: task % is frozen since %', task_id, date_trunc('second', frozen_at)
            USING ERRCODE = 'PM004', DETAIL = 'Reason: ' || COALESCE(frozen_reason, 'none given'),
                  HINT = 'Stop. Do not retry: a person or a breaker froze this task.';
    ELSIF closed_at IS NOT NULL THEN
        PERFORM pgmoat.count_refusal('PM002');
        RAISE EXCEPTION 'pgmoat: task % was closed at %', task_id, date_trunc('second', closed_at)
            USING ERRCODE = 'PM002', HINT = 'A closed task stays closed; the orchestrator opens a new one under another id.';
    ELSE
        PERFORM pgmoat.count_refusal('PM003');
        RAISE EXCEPTION 'pgmoat: task % is past its deadline %', task_id, date_trunc('second', deadline)
            USING ERRCODE = 'PM003', HINT = 'Stop and report what is left undone; the orchestrator decides on a new task.';
    END IF;
END
$function$;
