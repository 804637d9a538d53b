-- Counts a refusal of the session's role, right before it is raised: nextval is not undone by the rollback.
-- Never fails: where nextval cannot be called (read-only, on a standby, in a query with parallel workers), or somebody
-- dropped the counter, the refusal goes uncounted. Arguments: the SQLSTATE.
CREATE OR REPLACE FUNCTION pgmoat.count_refusal(code text)
RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    callers text;
BEGIN
    IF current_setting('transaction_read_only')::boolean THEN
        RETURN;
    END IF;
    -- Before PostgreSQL 17 a query with parallel workers cannot begin the block below, and nothing tells whether it has
    -- any: assume so where it may. Of all callers only the gate is asked inside of such a query.
    GET DIAGNOSTICS callers = PG_CONTEXT;
    IF current_setting('server_version_num')::integer < 170000 AND position('pgmoat.gate(' IN callers) > 0
       AND (current_setting('max_parallel_workers_per_gather') <> '0'
            OR COALESCE(current_setting('debug_parallel_query', true), current_setting('force_parallel_mode', true)) <> 'off')
    THEN
        RETURN;
    END IF;
    BEGIN
        PERFORM nextval(r.counter) FROM pgmoat.refusal_counter AS r
          WHERE r.code = count_refusal.code
            AND r.agent = COALESCE((SELECT a.name FROM pgmoat.agent AS a WHERE a.role = session_user), '');
    EXCEPTION WHEN OTHERS THEN
        NULL; -- whatever it was, the agent is to get the refusal that the caller raises next
    END;
END
$function$;
