-- Raises an error when what a task asks for would pass the budget of one above it. Takes no lock.
-- Arguments: the tasks above, the rows and the bytes of history asked for.
CREATE OR REPLACE FUNCTION pgmoat.check_ancestor_budgets(ancestors bigint[], rows_due bigint, bytes_due bigint)
RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $function$
DECLARE
    ancestor bigint;
    t record;
BEGIN
    FOREACH ancestor IN ARRAY ancestors LOOP
        SELECT k.task_id, LEAST(a.writes_per_task, k.max_writes) AS max_rows, a.bytes_per_task AS max_bytes, l.rows_used, l.bytes_used
          INTO t
          FROM pgmoat.task AS k JOIN pgmoat.agent AS a ON a.name = k.agent
         CROSS JOIN LATERAL (SELECT x.rows_used, x.bytes_used FROM pgmoat.ledger AS x
                              WHERE x.task = k.id ORDER BY x.seq DESC LIMIT 1) AS l
         WHERE k.id = ancestor;
        IF t.rows_used + rows_due > t.max_rows OR t.bytes_used + bytes_due > t.max_bytes THEN
            PERFORM pgmoat.refuse_budget(t.task_id, t.rows_used, rows_due, t.max_rows, t.bytes_used, bytes_due, t.max_bytes);
        END IF;
    END LOOP;
END
$function$;
