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
    most_calls bigint;
    answer jsonb;
BEGIN
    SELECT c.operation, c.key, c.task INTO this FROM pgmoat.operation_call AS c WHERE c.id = call;
    SELECT count(*), min(c.id), max(c.id) INTO written, first, last
      FROM pgmoat.change AS c WHERE c.xid = this_xid AND c.id > newest_change;
    IF written < least_rows OR written > most_rows THEN
        PERFORM pgmoat.refuse_affected(this.operation, written, least_rows, most_rows);
    END IF;
    IF written = 0 THEN
        -- No budget is charged for it, and yet it leaves a record: as many as the task may write rows.
        SELECT LEAST(a.writes_per_task, k.max_writes) INTO most_calls
          FROM pgmoat.task AS k JOIN pgmoat.agent AS a ON a.name = k.agent WHERE k.id = this.task;
        PERFORM FROM pgmoat.operation_call AS c
          WHERE c.task = this.task AND c.affected = 0 OFFSET most_calls - 1 LIMIT 1;
        IF FOUND THEN
            PERFORM pgmoat.refuse_calls(this.operation, most_calls);
        END IF;
    END IF;
    answer := jsonb_build_object('operation', this.operation, 'key', this.key, 'replayed', false,
                                 'affected', written, 'rows', rows, 'truncated', is_truncated);
    UPDATE pgmoat.operation_call AS c
       SET affected = written, first_change = first, last_change = last, result = answer
     WHERE c.id = call;
    RETURN answer;
END
$function$;
