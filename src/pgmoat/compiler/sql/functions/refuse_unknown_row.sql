-- Raises the error for an event of a row that the agent does not see. Arguments: the log, the entity.
CREATE OR REPLACE FUNCTION pgmoat.refuse_unknown_row(log text, entity text)
RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM pgmoat.count_refusal('PM022');
    RAISE EXCEPTION 'pgmoat: % is about rows of %, and there is none with this key', log, entity
        USING ERRCODE = 'PM022', HINT = 'Look the row up first. Deleted rows, and rows out of the task''s scope, do not exist for agents.';
END
$function$;
