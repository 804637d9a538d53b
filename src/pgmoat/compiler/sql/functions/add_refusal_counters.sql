-- AFTER INSERT trigger of pgmoat.agent: a new agent gets its counters.
CREATE OR REPLACE FUNCTION pgmoat.add_refusal_counters()
RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM pgmoat.make_refusal_counters();
    RETURN NULL;
END
$function$;
