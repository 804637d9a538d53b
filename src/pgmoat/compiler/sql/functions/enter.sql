-- Enters a task for the rest of the transaction; the label of the step and the reason go with what it writes.
-- Arguments: the task's token (a bind parameter: sessions of one role see each other's query text), a label
-- of the reasoning step, the reason for deletions. Returns the task's id.
CREATE OR REPLACE FUNCTION pgmoat.enter(token text, step text DEFAULT NULL, reason text DEFAULT NULL)
RETURNS text LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    t record;
BEGIN
    IF token <> '' AND position(token IN current_query()) > 0 THEN
        PERFORM pgmoat.count_refusal('PM008');
        RAISE EXCEPTION 'pgmoat: the task token stands in the text of the query'
            USING ERRCODE = 'PM008',
                  HINT = 'Other sessions of this role can read query texts. Bind the token: SELECT pgmoat.enter($1, $2), '
                         'in psql with \bind, or give it with PGOPTIONS=''-c pgmoat.token=...''.';
    END IF;
    IF length(step) NOT BETWEEN 1 AND 100 OR step ~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]' THEN
        PERFORM pgmoat.refuse_text('the step', step, 100);
    END IF;
    PERFORM set_config('pgmoat.token', COALESCE(token, ''), true),
            set_config('pgmoat.step', COALESCE(step, ''), true),
            set_config('pgmoat.reason', COALESCE(left(reason, 2000), ''), true);
    SELECT s.task_id, s.parent, s.deadline, s.closed_at, s.frozen_at, s.agent_frozen_at INTO t FROM pgmoat.session_task AS s;
    IF t.task_id IS NULL THEN
        PERFORM pgmoat.refuse_task(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
    ELSIF t.closed_at IS NOT NULL OR t.frozen_at IS NOT NULL OR t.agent_frozen_at IS NOT NULL
       OR t.deadline <= clock_timestamp() OR t.parent IS NOT NULL THEN
        PERFORM pgmoat.check_session();
    END IF;
    RETURN t.task_id;
END
$function$;
