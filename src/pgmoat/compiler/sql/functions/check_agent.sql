-- Raises an error when there is no such agent. Arguments: the agent's name.
CREATE OR REPLACE FUNCTION pgmoat.check_agent(agent text)
RETURNS void LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM FROM pgmoat.agent AS x WHERE x.name = check_agent.agent AND x.retired_at IS NULL;
    IF NOT FOUND THEN
        PERFORM pgmoat.count_refusal('PM030');
        RAISE EXCEPTION 'pgmoat: no agent %', quote_literal(check_agent.agent)
            USING ERRCODE = 'PM030', HINT = 'Agents: ' || COALESCE(
                (SELECT string_agg(x.name, ', ' ORDER BY x.name) FROM pgmoat.agent AS x WHERE x.retired_at IS NULL), 'none');
    END IF;
END
$function$;
