-- Sums up pg_stat_statements by role, over all databases of the server. Runs with the caller's own rights and looks
-- for the extension when it is called: it may come, move and go at any time.
-- Returns a row for each agent and one (agent NULL) for everybody else; an error where the extension is not there.
CREATE OR REPLACE FUNCTION pgmoat.read_database_time()
RETURNS TABLE (agent text, calls bigint, execution_seconds double precision, planning_seconds double precision,
    rows bigint, since timestamptz)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    place name;
BEGIN
    SELECT n.nspname INTO place FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace
     WHERE e.extname = 'pg_stat_statements';
    IF place IS NULL THEN
        RAISE EXCEPTION 'pgmoat: database time is not measured: the extension pg_stat_statements is not in this database'
            USING ERRCODE = '55000', HINT = 'A superuser adds pg_stat_statements to shared_preload_libraries, restarts the '
                'server, and runs CREATE EXTENSION pg_stat_statements.';
    ELSIF NOT EXISTS (SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                       WHERE n.nspname = place AND c.relname = 'pg_stat_statements_info') THEN
        RAISE EXCEPTION 'pgmoat: database time is not measured: the extension pg_stat_statements is older than 1.9'
            USING ERRCODE = '55000', HINT = 'Its owner runs ALTER EXTENSION pg_stat_statements UPDATE.';
    END IF;
    -- What runs inside of a function or a trigger is part of the statement that called it.
    RETURN QUERY EXECUTE format($query$
        WITH used AS (
            SELECT a.name AS agent, sum(s.calls) AS calls, sum(s.total_exec_time) AS execution_ms,
                   sum(s.total_plan_time) AS planning_ms, sum(s.rows) AS rows
              FROM %1$I.pg_stat_statements(false) AS s
              LEFT JOIN pg_roles AS r ON r.oid = s.userid
              LEFT JOIN pgmoat.agent AS a ON a.role = r.rolname
             WHERE s.toplevel
             GROUP BY a.name)
        SELECT w.agent, COALESCE(u.calls, 0)::bigint, COALESCE(u.execution_ms, 0) / 1000, COALESCE(u.planning_ms, 0) / 1000,
               COALESCE(u.rows, 0)::bigint, i.stats_reset
          FROM (SELECT a.name AS agent FROM pgmoat.agent AS a JOIN pg_roles AS r ON r.rolname = a.role
                UNION ALL SELECT NULL) AS w
          LEFT JOIN used AS u ON u.agent IS NOT DISTINCT FROM w.agent
         CROSS JOIN %1$I.pg_stat_statements_info AS i $query$, place);
END
$function$;
