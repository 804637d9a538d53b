-- Opens the task that application_name gives, for a write without a token; refuses where it gives none. Returns its row.
CREATE OR REPLACE FUNCTION pgmoat.claim_named()
RETURNS SETOF pgmoat.named_task LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    t record;
BEGIN
    SELECT s.agent, s.task_id, s.origin INTO t FROM pgmoat.named_task AS s;
    IF NOT FOUND THEN
        PERFORM pgmoat.refuse_task(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
    END IF;
    PERFORM pgmoat.check_named(t.agent, t.task_id, t.origin),
            pgmoat.make_task('claimed', t.agent, t.task_id, '{}', NULL, NULL, NULL);
    RETURN QUERY SELECT * FROM pgmoat.named_task;
END
$function$;
