-- Raises the error for a row that a write would put, or leave, outside the task's scope. It shows no value: the row may
-- be one that the agent cannot see. Arguments: the entity, and the columns that decide.
CREATE OR REPLACE FUNCTION pgmoat.refuse_row(entity text, columns text[])
RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM pgmoat.count_refusal('PM029');
    RAISE EXCEPTION 'pgmoat: this row of % is outside the scope of the task: %', entity, array_to_string(columns, ', ')
        USING ERRCODE = 'PM029', DETAIL = 'Nothing of the statement was written.',
              HINT = 'Write only rows that this task may read; SELECT pgmoat.scope(key) shows what its scope holds.';
END
$function$;
