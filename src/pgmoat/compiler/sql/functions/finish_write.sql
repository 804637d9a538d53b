-- Ends a write that pgmoat.begin_write() began in this transaction and task: counts what was written, stores the result.
-- Arguments: the call; the rows that the write returned, an array, and whether some are left out. Rows of more than 64 kB are
-- not stored. Returns the result, which a repeated pgmoat.begin_write() gives.
CREATE OR REPLACE FUNCTION pgmoat.finish_write(call bigint, rows jsonb DEFAULT '[]', is_truncated boolean DEFAULT false)
RETURNS jsonb LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off -- a plan made while the table was empty must not scan a grown one
AS $function$
DECLARE
    this_task bigint := pgmoat.check_writer('write()');
    newest_change bigint;
    is_large boolean := octet_length(rows::text) > 65536;
    result jsonb;
BEGIN
    SELECT c.first_change INTO newest_change
      FROM pgmoat.operation_call AS c JOIN pgmoat.agent AS a ON a.name = c.agent
     WHERE c.id = finish_write.call AND a.role = session_user AND c.xid = pg_current_xact_id_if_assigned() AND c.task = this_task
       AND c.operation = 'write()' AND c.result IS NULL;
    IF NOT FOUND THEN
        PERFORM pgmoat.count_refusal('PM048');
        RAISE EXCEPTION 'pgmoat: no write with this number was begun in this transaction and task, or it is finished'
            USING ERRCODE = 'PM048', HINT = 'Call pgmoat.begin_write(), the write and pgmoat.finish_write() in one transaction.';
    END IF;
    IF jsonb_typeof(rows) <> 'array' THEN
        PERFORM pgmoat.refuse_json('the rows', 'array', jsonb_typeof(rows));
    END IF;
    result := pgmoat.finish_operation(call, newest_change, NULL, NULL, CASE WHEN is_large THEN '[]' ELSE COALESCE(rows, '[]') END,
                                      COALESCE(is_truncated, false) OR COALESCE(is_large, false));
    PERFORM pgmoat.charge_result(call);
    RETURN result;
END
$function$;
