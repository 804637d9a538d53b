-- Records what the watchdog did. Arguments: the agent, its task and step as it claims them, what was wrong, what was
-- done, to what, and more. Returns the incident's number.
CREATE OR REPLACE FUNCTION pgmoat.record_incident(agent text, task_id text, step text, kind text, action text, subject text,
    detail jsonb)
RETURNS bigint LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
    INSERT INTO pgmoat.incident (agent, task_id, step, kind, action, subject, detail)
    VALUES (agent, left(task_id, 200), left(step, 200), kind, action, subject, detail)
    RETURNING id
$function$;
