-- Freezes an agent: the next statement, and the next COMMIT, of all its tasks is refused, and no task opens.
-- Arguments: the agent's name, the reason. Returns whether it was not frozen yet.
CREATE OR REPLACE FUNCTION pgmoat.freeze_agent(agent text, reason text)
RETURNS boolean LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM pgmoat.check_agent(agent);
    UPDATE pgmoat.agent AS x SET frozen_at = clock_timestamp(), frozen_by = session_user, frozen_reason = reason
     WHERE x.name = freeze_agent.agent AND x.frozen_at IS NULL;
    RETURN FOUND;
END
$function$;
