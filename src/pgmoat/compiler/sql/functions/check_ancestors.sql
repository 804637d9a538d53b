-- Raises an error when a task above another one is frozen, closed or past its deadline, or its agent is frozen.
-- Arguments: the tasks above, the root first.
CREATE OR REPLACE FUNCTION pgmoat.check_ancestors(ancestors bigint[])
RETURNS void LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
AS $function$
DECLARE
    ancestor bigint;
BEGIN
    FOREACH ancestor IN ARRAY ancestors LOOP
        PERFORM FROM pgmoat.task AS k JOIN pgmoat.agent AS a ON a.name = k.agent
          WHERE k.id = ancestor AND k.closed_at IS NULL AND k.frozen_at IS NULL AND a.frozen_at IS NULL
            AND k.deadline > clock_timestamp();
        IF NOT FOUND THEN
            PERFORM pgmoat.refuse_ancestor(ancestor);
        END IF;
    END LOOP;
END
$function$;
