-- Raises the error for an agent that opens too many tasks by itself. Arguments: the agent's name, the limit.
CREATE OR REPLACE FUNCTION pgmoat.refuse_opening(agent text, max_tasks bigint)
RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM pgmoat.count_refusal('PM016');
    RAISE EXCEPTION 'pgmoat: agent % may open % tasks an hour by itself; this one would pass that', agent, max_tasks
        USING ERRCODE = 'PM016', DETAIL = 'Nothing of this transaction was written.',
              HINT = format('Go on with a task that is open: a new name is not a new budget. Or wait until %s.',
                            date_trunc('hour', clock_timestamp(), 'UTC') + interval '1 hour');
END
$function$;
