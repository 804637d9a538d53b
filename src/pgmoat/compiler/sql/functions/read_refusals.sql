-- Reads the counters of refusals. Returns agent (NULL: everybody else), SQLSTATE, how often, since when.
CREATE OR REPLACE FUNCTION pgmoat.read_refusals()
RETURNS TABLE (agent text, code text, refusals bigint, since timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT NULLIF(r.agent, ''), r.code, COALESCE(pg_sequence_last_value(r.counter), 0), r.since
      FROM pgmoat.refusal_counter AS r
     WHERE r.counter IS NOT NULL
$function$;
