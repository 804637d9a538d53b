-- A person's word on a held write. Arguments: its number; the fingerprint of what the person was shown, so that nobody agrees
-- to what has changed since; yes or no; who it is, as the dashboard or the command calls the person; why, which the agent is told.
CREATE OR REPLACE FUNCTION pgmoat.decide(approval bigint, fingerprint bytea, is_approved boolean, who text, reason text)
RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET lock_timeout = '3s' -- an agent that runs what was approved may take its time; the person is not to wait for it
AS $function$
#variable_conflict use_column
DECLARE
    held record;
    decided text := CASE WHEN is_approved THEN 'approved' WHEN NOT is_approved THEN 'rejected' END;
BEGIN
    BEGIN
        PERFORM FROM pgmoat.approval AS p WHERE p.id = decide.approval FOR UPDATE;
    EXCEPTION WHEN lock_not_available THEN
        RAISE lock_not_available USING
            MESSAGE = format('pgmoat: number %s cannot be decided now: a transaction of the agent''s is using it', decide.approval),
            DETAIL = 'Nothing was changed.',
            HINT = 'It was approved, and runs. Look at it again; pgmoat freeze keeps the agent from finishing it.';
    END;
    SELECT p.state, p.fingerprint, p.agent, p.task_id, p.step, p.operation, p.affected, p.why INTO held
      FROM pgmoat.approvals AS p WHERE p.id = decide.approval;
    IF NOT FOUND THEN
        PERFORM pgmoat.count_refusal('PM055');
        RAISE EXCEPTION 'pgmoat: nothing is held under number %', decide.approval
            USING ERRCODE = 'PM055', HINT = 'pgmoat approvals lists what waits.';
    ELSIF held.state <> 'pending' OR held.fingerprint IS DISTINCT FROM decide.fingerprint OR decided IS NULL THEN
        PERFORM pgmoat.count_refusal('PM056');
        RAISE EXCEPTION 'pgmoat: number % cannot be decided: %', decide.approval,
            CASE WHEN held.state <> 'pending' THEN 'it is ' || held.state || ' already'
                 WHEN decided IS NULL THEN 'it is neither yes nor no'
                 ELSE 'what it would write has changed since it was shown' END
            USING ERRCODE = 'PM056', DETAIL = 'Nothing was changed.', HINT = 'Look at it again.';
    END IF;
    UPDATE pgmoat.approval AS p
       SET decision = decided, decided_at = clock_timestamp(), decided_by = session_user, decided_as = left(who, 200),
           decision_reason = left(NULLIF(reason, ''), 2000)
     WHERE p.id = decide.approval;
    PERFORM pgmoat.record_incident(held.agent, held.task_id, held.step, 'approval', decided, 'approval:' || decide.approval,
        jsonb_build_object('operation', held.operation, 'affected', held.affected, 'why', held.why, 'who', left(who, 200),
                           'reason', left(reason, 2000)));
END
$function$;
