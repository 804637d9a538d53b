-- Raises the error for a parameter of an operation that is missing. Arguments: the operation, the parameter.
CREATE OR REPLACE FUNCTION pgmoat.refuse_parameter(operation text, parameter text)
RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM pgmoat.count_refusal('PM046');
    RAISE EXCEPTION 'pgmoat: operation % needs a value for %, not NULL', operation, parameter
        USING ERRCODE = 'PM046', DETAIL = 'Nothing was written.', HINT = format('Give %s => a value.', parameter);
END
$function$;
