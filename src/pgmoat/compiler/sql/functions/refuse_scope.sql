-- Raises the error for a task whose scope has no value under a key. Arguments: the task's id, the key.
CREATE OR REPLACE FUNCTION pgmoat.refuse_scope(task_id text, key text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM pgmoat.count_refusal('PM015');
    RAISE EXCEPTION 'pgmoat: the scope of task % has no value for %', task_id, quote_literal(left(key, 100))
        USING ERRCODE = 'PM015',
              DETAIL = 'A value is a text, a number, true or false, or a list of these that is not empty.',
              HINT = 'Stop and report it: the orchestrator opens a task with this key in its scope.';
END
$function$;
