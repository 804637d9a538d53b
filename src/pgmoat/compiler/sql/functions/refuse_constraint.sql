-- Raises a constraint's error again without PostgreSQL's detail: "Failing row contains (...)" shows columns that the
-- agent may not read. Arguments: the error's message and SQLSTATE.
CREATE OR REPLACE FUNCTION pgmoat.refuse_constraint(message text, state text)
RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    RAISE EXCEPTION USING ERRCODE = state, MESSAGE = message,
        DETAIL = 'The row is not shown: not every agent that writes here may read all columns and rows.';
END
$function$;
