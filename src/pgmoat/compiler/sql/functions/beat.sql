-- The watchdog's heartbeat, once it has gone round. Only the leader's counts.
-- Arguments: who beats, for how long it counts. Returns whether it counted.
CREATE OR REPLACE FUNCTION pgmoat.beat(holder text, good_for_ms integer)
RETURNS boolean LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    UPDATE pgmoat.heartbeat AS h
       SET at = clock_timestamp(),
           good_until = clock_timestamp() + LEAST(GREATEST(good_for_ms, 0), 60000) * interval '1 millisecond'
     WHERE h.name = 'watch'
       AND pgmoat.leads(holder);
    RETURN FOUND;
END
$function$;
