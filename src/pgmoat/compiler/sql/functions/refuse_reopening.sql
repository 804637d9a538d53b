-- Raises the error for a task id that is taken by a task opened otherwise. Arguments: the task, what differs, a detail.
CREATE OR REPLACE FUNCTION pgmoat.refuse_reopening(task_id text, what text, detail text)
RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM pgmoat.count_refusal('PM031');
    RAISE EXCEPTION 'pgmoat: task % is open with another %', task_id, what
        USING ERRCODE = 'PM031', DETAIL = COALESCE(detail, 'Nothing was opened.'), HINT = format('One id is one task. Give the same %s, or another id.', what);
END
$function$;
