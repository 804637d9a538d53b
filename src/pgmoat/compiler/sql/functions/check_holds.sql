-- Raises PM054 where more than 100 writes of an agent wait for a person's word. Arguments: the agent; a key under which one more is
-- about to be held (NULL: none).
CREATE OR REPLACE FUNCTION pgmoat.check_holds(agent text, key text)
RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $function$
#variable_conflict use_column
BEGIN
    IF (SELECT count(*) FROM pgmoat.approval AS p
         WHERE p.agent = check_holds.agent AND p.decision IS NULL AND p.done_at IS NULL AND p.expires_at > clock_timestamp()
           AND p.key IS DISTINCT FROM check_holds.key) + (check_holds.key IS NOT NULL)::integer > 100 THEN
        PERFORM pgmoat.refuse_approval('PM054', '100 of this agent''s wait already', NULL);
    END IF;
END
$function$;
