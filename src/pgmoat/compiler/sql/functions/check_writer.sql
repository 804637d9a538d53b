-- Asks the gate, and refuses where this transaction has written for another task than the session is in: what it wrote
-- is that task's to finish and to look at. Arguments: who asks, for messages. Returns the session's task.
CREATE OR REPLACE FUNCTION pgmoat.check_writer(asking text)
RETURNS bigint LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $function$
DECLARE
    this_task bigint;
    writing_task bigint;
BEGIN
    PERFORM pgmoat.gate(asking);
    SELECT s.id INTO this_task FROM pgmoat.session_task AS s;
    IF NOT FOUND THEN
        SELECT s.id INTO this_task FROM pgmoat.named_task AS s;
    END IF;
    SELECT s.task INTO writing_task
      FROM pgmoat.statement AS s WHERE s.xid = pg_current_xact_id_if_assigned() ORDER BY s.id DESC LIMIT 1;
    IF writing_task <> this_task THEN
        PERFORM pgmoat.count_refusal('PM009');
        RAISE EXCEPTION 'pgmoat: this transaction already wrote for another task'
            USING ERRCODE = 'PM009', HINT = 'One transaction, one task: commit before entering another.';
    END IF;
    RETURN this_task;
END
$function$;
