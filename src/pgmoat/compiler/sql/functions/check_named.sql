-- Raises an error when application_name names a task that it may not stand for.
-- Arguments: the task's id and its origin, as in pgmoat.named_task.
CREATE OR REPLACE FUNCTION pgmoat.check_named(agent text, task_id text, origin text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    -- PostgreSQL cuts the name at 63 bytes without a word: half an id is another task's.
    IF octet_length(current_setting('application_name')) >= 63 THEN
        PERFORM pgmoat.refuse_text('application_name (it may have been cut off at 63 bytes)', task_id, 40);
    ELSIF origin <> 'claimed' THEN
        PERFORM pgmoat.refuse_claim(agent, task_id);
    END IF;
END
$function$;
