-- The values that the session's task has under a key of its scope, as text. Never none: a task whose scope lacks the
-- key is refused, so that a forgotten key does not look like an empty table. From the task's row only.
-- Arguments: the key.
CREATE OR REPLACE FUNCTION pgmoat.scope(name text)
RETURNS text[] LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    t record;
    held jsonb;
    has_odd boolean;
    result text[];
BEGIN
    SELECT s.task_id, s.scope INTO t FROM pgmoat.session_task AS s;
    IF t.task_id IS NULL THEN
        PERFORM pgmoat.refuse_task(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
    END IF;
    held := t.scope -> scope.name;
    IF jsonb_typeof(held) IN ('string', 'number', 'boolean') THEN
        RETURN ARRAY[held #>> '{}'];
    ELSIF jsonb_typeof(held) = 'array' THEN
        SELECT array_agg(e.value #>> '{}'), bool_or(jsonb_typeof(e.value) NOT IN ('string', 'number', 'boolean'))
          INTO result, has_odd FROM jsonb_array_elements(held) AS e (value);
    END IF;
    IF result IS NULL OR has_odd THEN
        PERFORM pgmoat.refuse_scope(t.task_id, scope.name);
    END IF;
    RETURN result;
END
$function$;
