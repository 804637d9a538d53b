-- Raises an error when the label of a step is not allowed. Arguments: the label.
CREATE OR REPLACE FUNCTION pgmoat.check_step(step text)
RETURNS void LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF length(step) NOT BETWEEN 1 AND 100 OR step ~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]' THEN
        PERFORM pgmoat.refuse_text('the step', step, 100);
    END IF;
END
$function$;
