-- Opens a child of the task that the session is in, for the same agent, or re-enters it.
-- Arguments: an id, unique among the children, to which the parent's id is put in front: parent/child; the scope (each of
-- the parent's keys the same or narrower, none added); duration and rows, at most. Returns the child's token.
CREATE OR REPLACE FUNCTION pgmoat.open_child(task_id text, scope jsonb DEFAULT '{}', duration interval DEFAULT NULL,
    max_writes bigint DEFAULT NULL)
RETURNS text LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    t record;
BEGIN
    SELECT s.id, s.agent, s.task_id INTO t FROM pgmoat.session_task AS s;
    IF NOT FOUND THEN
        PERFORM pgmoat.refuse_task(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
    ELSIF COALESCE(task_id, '') = '' OR position('/' IN task_id) > 0 THEN
        PERFORM pgmoat.refuse_text('the id of a child, which has no slash,', task_id, 200 - length(t.task_id) - 1);
    END IF;
    RETURN pgmoat.make_task('child', t.agent, t.task_id || '/' || task_id, COALESCE(scope, '{}'), duration, max_writes, t.id);
END
$function$;
