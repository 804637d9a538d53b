-- Raises the error for a limit that leaves nothing. Arguments: which one.
CREATE OR REPLACE FUNCTION pgmoat.refuse_limit(noun text)
RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM pgmoat.count_refusal('PM017');
    RAISE EXCEPTION 'pgmoat: % is not allowed: it must be above zero', noun
        USING ERRCODE = 'PM017', HINT = 'Leave it out for the most that the agent''s limits allow.';
END
$function$;
