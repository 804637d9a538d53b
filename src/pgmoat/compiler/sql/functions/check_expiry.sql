-- Deferred constraint trigger on pgmoat.approval: what a person has approved runs before it expires, or not at all, however long
-- the agent's transaction stays open.
CREATE OR REPLACE FUNCTION pgmoat.check_expiry()
RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF NEW.expires_at <= clock_timestamp() THEN
        PERFORM pgmoat.refuse_approval('PM053', NEW.id::text, NULL);
    END IF;
    RETURN NULL;
END
$function$;
