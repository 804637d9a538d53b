-- Opens a task, or re-enters it: the same id is the same task, so a retry keeps its budget, deadline and token.
-- Arguments: the agent's name, the orchestrator's id for the task, its scope, how long it may take and how many rows
-- it may write (both at most, and by default, what the agent's limits say). Returns the task's token.
CREATE OR REPLACE FUNCTION pgmoat.open_task(agent text, task_id text, scope jsonb DEFAULT '{}',
    duration interval DEFAULT NULL, max_writes bigint DEFAULT NULL)
RETURNS text LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
    a pgmoat.agent;
    k pgmoat.task;
    longest interval;
    token text;
BEGIN
    PERFORM pgmoat.check_agent(open_task.agent);
    SELECT * INTO a FROM pgmoat.agent AS x WHERE x.name = open_task.agent;
    IF a.frozen_at IS NOT NULL THEN
        PERFORM pgmoat.refuse_task('', a.name, NULL, NULL, NULL, NULL, a.frozen_at, a.frozen_reason);
    END IF;
    longest := a.task_duration_ms * interval '1 millisecond';
    INSERT INTO pgmoat.task (agent, task_id, scope, max_writes, deadline)
    VALUES (a.name, open_task.task_id, open_task.scope, open_task.max_writes,
            clock_timestamp() + LEAST(open_task.duration, longest))
    ON CONFLICT (agent, task_id) DO NOTHING;
    SELECT * INTO k FROM pgmoat.task AS x WHERE x.agent = a.name AND x.task_id = open_task.task_id;
    IF k.closed_at IS NOT NULL OR k.frozen_at IS NOT NULL OR k.deadline <= clock_timestamp() THEN
        PERFORM pgmoat.refuse_task(k.task_id, k.agent, k.deadline, k.closed_at, k.frozen_at, k.frozen_reason, NULL, NULL);
    ELSIF k.scope <> open_task.scope THEN
        PERFORM pgmoat.count_refusal('PM031');
        RAISE EXCEPTION 'pgmoat: task % is open with another scope', k.task_id
            USING ERRCODE = 'PM031', DETAIL = 'Open with: ' || k.scope::text,
                  HINT = 'One id is one task. Give the same scope, or another id.';
    END IF;
    SELECT 'moat_' || encode(sha256(s.token_key || convert_to(k.id::text, 'UTF8')), 'hex') INTO token FROM pgmoat.secret AS s;
    IF k.token_hash IS NULL THEN
        INSERT INTO pgmoat.ledger (task, seq, xid, transaction_rows, transaction_bytes, rows_used, bytes_used,
                                   hour, hour_used, hour_granted)
        VALUES (k.id, 0, '0', 0, 0, 0, 0, '-infinity', 0, 0);
        UPDATE pgmoat.task AS x SET token_hash = sha256(convert_to(token, 'UTF8')) WHERE x.id = k.id;
    END IF;
    RETURN token;
END
$function$;
