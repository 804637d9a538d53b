-- Raises the error for a call that writes nothing when the task has made too many of those: no budget is charged for it,
-- and yet it leaves a record. As many as the task may write rows, and as large.
-- Arguments: the call, and the result that is about to be stored with it, if any.
CREATE OR REPLACE FUNCTION pgmoat.check_idle_calls(call bigint, answer jsonb)
RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $function$
DECLARE
    this record;
    most record;
    idle record;
    due bigint;
BEGIN
    SELECT c.operation, c.task, c.request INTO this FROM pgmoat.operation_call AS c WHERE c.id = call;
    SELECT k.task_id, LEAST(a.writes_per_task, k.max_writes) AS calls, a.bytes_per_task AS bytes INTO most
      FROM pgmoat.task AS k JOIN pgmoat.agent AS a ON a.name = k.agent WHERE k.id = this.task;
    SELECT count(*) AS calls,
           COALESCE(sum(COALESCE(pg_column_size(c.result), 0) + COALESCE(pg_column_size(c.request), 0)), 0) AS bytes INTO idle
      FROM pgmoat.operation_call AS c WHERE c.task = this.task AND c.affected = 0 AND c.id <> call;
    due := COALESCE(pg_column_size(answer), 0) + COALESCE(pg_column_size(this.request), 0);
    IF idle.calls >= most.calls THEN
        PERFORM pgmoat.refuse_calls(this.operation, most.calls);
    ELSIF idle.bytes + due > most.bytes THEN
        PERFORM pgmoat.refuse_budget(most.task_id, 0, 0, most.calls, idle.bytes::bigint, due, most.bytes);
    END IF;
END
$function$;
