-- Has COMMIT charge the task's bytes for what a keyed write leaves behind beside the history: its request and its result,
-- which are the agent's own. A record of no rows, so that the charge comes however early the constraints are checked, and
-- looks at freeze and deadline where nothing else was written. Arguments: the call.
CREATE OR REPLACE FUNCTION pgmoat.charge_result(call bigint)
RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $function$
DECLARE
    previous record;
BEGIN
    SELECT s.at, s.statement_rows, s.transaction_rows, s.transaction_bytes, s.last_change INTO previous
      FROM pgmoat.statement AS s WHERE s.xid = pg_current_xact_id() ORDER BY s.id DESC LIMIT 1;
    INSERT INTO pgmoat.statement (xid, at, task, step, entity, operation, rows, statement_rows, transaction_rows,
                                  transaction_bytes, first_change, last_change)
    SELECT c.xid, statement_timestamp(), c.task, c.step, c.operation, 'finish', 0,
           CASE WHEN previous.at = statement_timestamp() THEN previous.statement_rows ELSE 0 END,
           COALESCE(previous.transaction_rows, 0),
           COALESCE(previous.transaction_bytes, 0) + pg_column_size(c.result) + COALESCE(pg_column_size(c.request), 0),
           COALESCE(previous.last_change, 0) + 1, COALESCE(previous.last_change, 0)
      FROM pgmoat.operation_call AS c WHERE c.id = call;
END
$function$;
