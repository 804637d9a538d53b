-- Raises the error for a task with too many calls that wrote nothing. Arguments: the operation, the limit.
CREATE OR REPLACE FUNCTION pgmoat.refuse_calls(operation text, most_calls bigint)
RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM pgmoat.count_refusal('PM047');
    RAISE EXCEPTION 'pgmoat: this task has made % calls of operations that wrote nothing', most_calls
        USING ERRCODE = 'PM047', DETAIL = format('Operation %s was not done.', operation),
              HINT = 'Stop and report: it looks like a loop. The limit is that of the task''s writes, writes_per_task.';
END
$function$;
