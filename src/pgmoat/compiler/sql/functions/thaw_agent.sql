-- Thaws an agent; tasks that were frozen by themselves stay so. Arguments: the agent's name.
-- Returns whether it was frozen.
CREATE OR REPLACE FUNCTION pgmoat.thaw_agent(agent text)
RETURNS boolean LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM pgmoat.check_agent(agent);
    UPDATE pgmoat.agent AS x SET frozen_at = NULL, frozen_by = NULL, frozen_reason = NULL
     WHERE x.name = thaw_agent.agent AND x.frozen_at IS NOT NULL;
    RETURN FOUND;
END
$function$;
