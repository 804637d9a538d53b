-- Raises the error for a step that the policy does not know. Arguments: the log, the present state, the one asked for,
-- and those that may follow.
CREATE OR REPLACE FUNCTION pgmoat.refuse_transition(log text, present text, wanted text, allowed text[])
RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM pgmoat.count_refusal('PM024');
    RAISE EXCEPTION 'pgmoat: % does not go from % to %', log, COALESCE(quote_literal(present), 'NULL'),
          COALESCE(quote_literal(left(wanted, 100)), 'NULL')
        USING ERRCODE = 'PM024', DETAIL = 'Nothing was written.',
              HINT = format('From here: %s.', COALESCE(NULLIF(array_to_string(allowed, ', '), ''), 'nothing'));
END
$function$;
