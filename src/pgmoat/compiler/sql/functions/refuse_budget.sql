-- Raises the error for a task that is over its budget of rows or of bytes.
-- Arguments: the task, and for rows and bytes: used before, asked for now, the limit.
CREATE OR REPLACE FUNCTION pgmoat.refuse_budget(task_id text, rows_used bigint, rows_due bigint, rows_limit bigint,
    bytes_used bigint, bytes_due bigint, bytes_limit bigint)
RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF rows_used + rows_due > rows_limit THEN
        PERFORM pgmoat.count_refusal('PM011');
        RAISE EXCEPTION 'pgmoat: task % may write % rows in all; % are used and this transaction asks for %',
              task_id, rows_limit, rows_used, rows_due
            USING ERRCODE = 'PM011', DETAIL = 'Nothing of this transaction was written.',
                  HINT = 'Stop writing and report. Do not open another task to go on: a person raises writes_per_task.';
    END IF;
    PERFORM pgmoat.count_refusal('PM013');
    RAISE EXCEPTION 'pgmoat: task % may write % bytes of history in all; % are used and this transaction asks for %',
          task_id, bytes_limit, bytes_used, bytes_due
        USING ERRCODE = 'PM013', DETAIL = 'Nothing of this transaction was written.',
              HINT = 'Write smaller values, or have a person raise bytes_per_task.';
END
$function$;
