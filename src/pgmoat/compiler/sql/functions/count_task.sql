-- Deferred constraint trigger on pgmoat.task: the wall for how many tasks an agent opens by itself in a clock hour, and
-- how many open children a task has of its own. The counter's row is locked for the moment of the COMMIT only.
CREATE OR REPLACE FUNCTION pgmoat.count_task()
RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
SET lock_timeout = '2s'
AS $function$
DECLARE
    max_tasks bigint;
    children bigint;
BEGIN
    SELECT a.tasks_per_hour INTO max_tasks FROM pgmoat.agent AS a WHERE a.name = NEW.agent;
    BEGIN
        INSERT INTO pgmoat.opening AS o (agent, hour, tasks)
        VALUES (NEW.agent, date_trunc('hour', clock_timestamp(), 'UTC'), 1)
        ON CONFLICT (agent, hour) DO UPDATE SET tasks = o.tasks + 1 WHERE o.tasks < max_tasks;
        IF NOT FOUND THEN
            PERFORM pgmoat.refuse_opening(NEW.agent, max_tasks);
        END IF;
    EXCEPTION WHEN lock_not_available THEN
        PERFORM pgmoat.refuse_busy('the count of tasks of agent ' || NEW.agent);
    END;
    IF NEW.parent IS NOT NULL THEN
        SELECT count(*) INTO children FROM pgmoat.task AS k
         WHERE k.parent = NEW.parent AND k.origin = 'child' AND k.closed_at IS NULL AND k.deadline > clock_timestamp();
        IF children > 100 THEN
            PERFORM pgmoat.refuse_child('a task has at most 100 open children of its own', NULL,
                                        'Do this work in the task you are in, or in a child that is open.');
        END IF;
    END IF;
    RETURN NULL;
END
$function$;
