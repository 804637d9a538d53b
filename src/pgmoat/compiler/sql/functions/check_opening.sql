-- The early check of how many tasks an agent opens by itself; pgmoat.count_task() is the wall, at COMMIT.
-- Arguments: the agent's name, its limit in a clock hour, the parent of the task to be opened, if any.
CREATE OR REPLACE FUNCTION pgmoat.check_opening(agent text, max_tasks bigint, parent bigint)
RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $function$
#variable_conflict use_column
DECLARE
    opened bigint;
BEGIN
    SELECT count(*) INTO opened FROM (
        SELECT FROM pgmoat.task AS k WHERE k.agent = check_opening.agent AND k.origin <> 'issued'
           AND k.opened_at >= date_trunc('hour', clock_timestamp(), 'UTC') LIMIT max_tasks) AS k;
    IF opened >= max_tasks THEN
        PERFORM pgmoat.refuse_opening(check_opening.agent, max_tasks);
    END IF;
    SELECT count(*) INTO opened FROM pgmoat.task AS k
     WHERE k.parent = check_opening.parent AND k.origin = 'child' AND k.closed_at IS NULL AND k.deadline > clock_timestamp();
    IF opened >= 100 THEN
        PERFORM pgmoat.refuse_child('a task has at most 100 open children of its own', NULL,
                                    'Do this work in the task you are in, or in a child that is open.');
    END IF;
END
$function$;
