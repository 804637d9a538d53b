-- The keyed write that pgmoat.begin_write() began in this transaction and task, and that is not finished; PM048 for another one.
-- Arguments: the call. Returns the newest change before it.
CREATE OR REPLACE FUNCTION pgmoat.find_call(call bigint)
RETURNS bigint LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $function$
DECLARE
    this_task bigint := pgmoat.check_writer('write()');
    newest_change bigint;
BEGIN
    SELECT c.first_change INTO newest_change
      FROM pgmoat.operation_call AS c JOIN pgmoat.agent AS a ON a.name = c.agent
     WHERE c.id = find_call.call AND a.role = session_user AND c.xid = pg_current_xact_id_if_assigned() AND c.task = this_task
       AND c.operation = 'write()' AND c.result IS NULL;
    IF NOT FOUND THEN
        PERFORM pgmoat.count_refusal('PM048');
        RAISE EXCEPTION 'pgmoat: no write with this number was begun in this transaction and task, or it is finished'
            USING ERRCODE = 'PM048', HINT = 'Call pgmoat.begin_write(), the write and pgmoat.finish_write() in one transaction.';
    END IF;
    RETURN newest_change;
END
$function$;
