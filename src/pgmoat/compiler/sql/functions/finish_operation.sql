-- Ends a call of an operation: counts what it wrote, and stores the result. Only operations' roles may call it.
-- Arguments: the call and the newest change before it, as pgmoat.begin_operation() gave them; how many rows it must have
-- written at least and at most (NULL: any number); what it returns, and whether that was cut off. Returns the result.
CREATE OR REPLACE FUNCTION pgmoat.finish_operation(call bigint, newest_change bigint, least_rows bigint, most_rows bigint,
    rows jsonb, is_truncated boolean)
RETURNS jsonb LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $function$
DECLARE
    this_xid xid8 := pg_current_xact_id();
    this record;
    written bigint;
    first bigint;
    last bigint;
    most record;
    idle record;
    answer jsonb;
BEGIN
    SELECT c.operation, c.key, c.task, c.request INTO this FROM pgmoat.operation_call AS c WHERE c.id = call;
    SELECT count(*), min(c.id), max(c.id) INTO written, first, last
      FROM pgmoat.change AS c WHERE c.xid = this_xid AND c.id > newest_change;
    IF written < least_rows OR written > most_rows THEN
        PERFORM pgmoat.refuse_affected(this.operation, written, least_rows, most_rows);
    END IF;
    answer := jsonb_build_object('operation', this.operation, 'key', this.key, 'replayed', false,
                                 'affected', written, 'rows', rows, 'truncated', is_truncated);
    IF written = 0 THEN
        -- No budget is charged for it, and yet it leaves a record: as many as the task may write rows, and as large.
        SELECT k.task_id, LEAST(a.writes_per_task, k.max_writes) AS calls, a.bytes_per_task AS bytes INTO most
          FROM pgmoat.task AS k JOIN pgmoat.agent AS a ON a.name = k.agent WHERE k.id = this.task;
        SELECT count(*) AS calls,
               COALESCE(sum(pg_column_size(c.result) + COALESCE(pg_column_size(c.request), 0)), 0) AS bytes INTO idle
          FROM pgmoat.operation_call AS c WHERE c.task = this.task AND c.affected = 0;
        IF idle.calls >= most.calls THEN
            PERFORM pgmoat.refuse_calls(this.operation, most.calls);
        ELSIF idle.bytes + pg_column_size(answer) + COALESCE(pg_column_size(this.request), 0) > most.bytes THEN
            PERFORM pgmoat.refuse_budget(most.task_id, 0, 0, most.calls, idle.bytes::bigint,
                (pg_column_size(answer) + COALESCE(pg_column_size(this.request), 0))::bigint, most.bytes);
        END IF;
    END IF;
    UPDATE pgmoat.operation_call AS c
       SET affected = written, first_change = first, last_change = last, result = answer
     WHERE c.id = call;
    RETURN answer;
END
$function$;
