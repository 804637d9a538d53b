-- Who writes an event: the session's agent, its identity, its task and the label of its step. One row, or an error.
CREATE OR REPLACE FUNCTION pgmoat.session_event()
RETURNS TABLE (agent text, identity text, task_id text, step text)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT s.agent, s.identity, s.task_id, pgmoat.clean_step(current_setting('pgmoat.step', true))
      FROM pgmoat.session_task AS s;
    IF NOT FOUND THEN
        RETURN QUERY
        SELECT s.agent, a.identity, s.task_id, pgmoat.clean_step(s.step)
          FROM pgmoat.named_task AS s JOIN pgmoat.agent AS a ON a.name = s.agent;
    END IF;
    IF NOT FOUND THEN
        PERFORM pgmoat.refuse_task(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
    END IF;
END
$function$;
