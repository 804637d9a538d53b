-- Deferred constraint trigger on pgmoat.statement, for records of holds: the wall for how much of an agent's waits at once.
-- One transaction counts at a time, at COMMIT and after it has been charged: others see what it has held, or it sees theirs.
CREATE OR REPLACE FUNCTION pgmoat.count_holds()
RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
SET lock_timeout = '2s'
AS $function$
DECLARE
    this_agent text := (SELECT k.agent FROM pgmoat.task AS k WHERE k.id = NEW.task);
BEGIN
    BEGIN
        INSERT INTO pgmoat.holding (agent) VALUES (this_agent) ON CONFLICT DO NOTHING;
        PERFORM FROM pgmoat.holding AS h WHERE h.agent = this_agent FOR UPDATE;
    EXCEPTION WHEN lock_not_available THEN
        PERFORM pgmoat.refuse_busy('the count of what agent ' || this_agent || ' has waiting');
    END;
    PERFORM pgmoat.check_holds(this_agent, NULL);
    RETURN NULL;
END
$function$;
