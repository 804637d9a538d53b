-- Raises the error for a task that may not go on because of one above it. Arguments: the number of the one above.
CREATE OR REPLACE FUNCTION pgmoat.refuse_ancestor(ancestor bigint)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    k record;
    above text;
BEGIN
    SELECT x.task_id, x.agent, x.deadline, x.closed_at, x.frozen_at, x.frozen_reason,
           a.frozen_at AS agent_frozen_at, a.frozen_reason AS agent_frozen_reason
      INTO k FROM pgmoat.task AS x JOIN pgmoat.agent AS a ON a.name = x.agent WHERE x.id = ancestor;
    above := format('task %s of agent %s, above this one,', k.task_id, k.agent);
    IF k.agent_frozen_at IS NOT NULL THEN
        PERFORM pgmoat.count_refusal('PM005');
        RAISE EXCEPTION 'pgmoat: the agent of % is frozen since %', above, date_trunc('second', k.agent_frozen_at)
            USING ERRCODE = 'PM005', DETAIL = 'Reason: ' || COALESCE(k.agent_frozen_reason, 'none given'),
                  HINT = 'Stop. Do not retry: a person or a breaker froze the agent that this work is for, and a person has to thaw it.';
    ELSIF k.frozen_at IS NOT NULL THEN
        PERFORM pgmoat.count_refusal('PM004');
        RAISE EXCEPTION 'pgmoat: % is frozen since %', above, date_trunc('second', k.frozen_at)
            USING ERRCODE = 'PM004', DETAIL = 'Reason: ' || COALESCE(k.frozen_reason, 'none given'),
                  HINT = 'Stop. Do not retry: a person or a breaker froze that task and all below it.';
    ELSIF k.closed_at IS NOT NULL OR k.task_id IS NULL THEN
        PERFORM pgmoat.count_refusal('PM002');
        RAISE EXCEPTION 'pgmoat: % was closed at %', COALESCE(above, 'a task above this one'), COALESCE(date_trunc('second', k.closed_at)::text, 'an unknown time')
            USING ERRCODE = 'PM002', HINT = 'A closed task stays closed, with all below it. Stop, and report what is left undone.';
    ELSE
        PERFORM pgmoat.count_refusal('PM003');
        RAISE EXCEPTION 'pgmoat: % is past its deadline %', above, date_trunc('second', k.deadline)
            USING ERRCODE = 'PM003', HINT = 'Stop and report what is left undone; the orchestrator decides on a new task.';
    END IF;
END
$function$;
