-- Raises the error for a step from a state that is not the present one. Arguments: the log, the state that the agent
-- takes it to be, the present one.
CREATE OR REPLACE FUNCTION pgmoat.refuse_stale(log text, expected text, present text)
RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM pgmoat.count_refusal('PM023');
    RAISE EXCEPTION 'pgmoat: % is no longer %, it is %', log, COALESCE(quote_literal(left(expected, 100)), 'NULL'),
          COALESCE(quote_literal(present), 'NULL')
        USING ERRCODE = 'PM023', DETAIL = 'Nothing was written.', HINT = 'Read the row again and decide anew.';
END
$function$;
