-- Takes or keeps the watchdog's lease, if nobody else has it; by the database's clock.
-- Arguments: who asks, for how long (0 gives it back). Returns whether the asker leads.
CREATE OR REPLACE FUNCTION pgmoat.lead_watch(holder text, lease_ms integer)
RETURNS boolean LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    UPDATE pgmoat.lease AS l
       SET holder = lead_watch.holder,
           leased_until = clock_timestamp() + LEAST(GREATEST(lease_ms, 0), 60000) * interval '1 millisecond'
     WHERE l.name = 'watch'
       AND (l.holder = lead_watch.holder OR l.leased_until IS NULL OR l.leased_until <= clock_timestamp());
    RETURN FOUND;
END
$function$;
