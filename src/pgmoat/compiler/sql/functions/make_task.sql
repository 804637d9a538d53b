-- Opens a task or re-enters it, whoever asks: the one place where rows of pgmoat.task are made.
-- Arguments: who opens it (issued, claimed, child), the agent's name, the task's id, its scope, how long it may take,
-- how many rows it may write, the number of its parent. Returns the task's token.
CREATE OR REPLACE FUNCTION pgmoat.make_task(origin text, agent text, task_id text, scope jsonb, duration interval,
    max_writes bigint, parent bigint)
RETURNS text LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $function$
#variable_conflict use_column
DECLARE
    a pgmoat.agent;
    k pgmoat.task;
    p pgmoat.task;
    chain bigint[] := '{}';
    whole_scope jsonb := make_task.scope;
    token text;
BEGIN
    IF COALESCE(length(make_task.task_id), 0) NOT BETWEEN 1 AND 200
       OR make_task.task_id ~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]' THEN
        PERFORM pgmoat.refuse_text('the task id', make_task.task_id, 200);
    ELSIF make_task.max_writes <= 0 THEN
        PERFORM pgmoat.refuse_limit('max_writes');
    ELSIF make_task.duration <= interval '0' THEN
        PERFORM pgmoat.refuse_limit('the duration');
    END IF;
    SELECT * INTO a FROM pgmoat.agent AS x WHERE x.name = make_task.agent;
    IF a.frozen_at IS NOT NULL THEN
        PERFORM pgmoat.refuse_task('', a.name, NULL, NULL, NULL, NULL, a.frozen_at, a.frozen_reason);
    END IF;
    IF make_task.parent IS NOT NULL THEN
        SELECT * INTO p FROM pgmoat.task AS x WHERE x.id = make_task.parent;
        chain := p.ancestors || p.id;
        PERFORM pgmoat.check_ancestors(chain);
        whole_scope := pgmoat.narrow_scope(p.scope, make_task.scope, make_task.origin = 'issued');
        IF cardinality(chain) >= 5 THEN
            PERFORM pgmoat.refuse_child('a tree of tasks has at most 5 levels', NULL, 'Do this work in the task you are in.');
        END IF;
    END IF;
    SELECT * INTO k FROM pgmoat.task AS x WHERE x.agent = a.name AND x.task_id = make_task.task_id;
    IF NOT FOUND THEN
        IF make_task.origin <> 'issued' THEN
            PERFORM pgmoat.check_opening(a.name, a.tasks_per_hour, make_task.parent);
        END IF;
        INSERT INTO pgmoat.task (agent, task_id, scope, max_writes, deadline, origin, parent, ancestors)
        VALUES (a.name, make_task.task_id, whole_scope, make_task.max_writes,
                LEAST(clock_timestamp() + LEAST(make_task.duration, a.task_duration_ms * interval '1 millisecond'), p.deadline),
                make_task.origin, make_task.parent, chain)
        ON CONFLICT (agent, task_id) DO NOTHING;
        SELECT * INTO k FROM pgmoat.task AS x WHERE x.agent = a.name AND x.task_id = make_task.task_id;
    END IF;

    IF k.origin <> make_task.origin AND make_task.origin = 'claimed' THEN
        PERFORM pgmoat.refuse_claim(k.agent, k.task_id);
    ELSIF k.origin <> make_task.origin THEN
        PERFORM pgmoat.refuse_reopening(k.task_id, 'origin', 'It was opened as: ' || k.origin);
    ELSIF k.parent IS DISTINCT FROM make_task.parent THEN
        PERFORM pgmoat.refuse_reopening(k.task_id, 'parent', NULL);
    ELSIF k.closed_at IS NOT NULL OR k.frozen_at IS NOT NULL OR k.deadline <= clock_timestamp() THEN
        PERFORM pgmoat.refuse_task(k.task_id, k.agent, k.deadline, k.closed_at, k.frozen_at, k.frozen_reason, NULL, NULL);
    ELSIF k.scope <> whole_scope THEN
        PERFORM pgmoat.refuse_reopening(k.task_id, 'scope', CASE k.origin WHEN 'issued' THEN 'Open with: ' || k.scope::text END);
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
