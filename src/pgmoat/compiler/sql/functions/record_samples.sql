-- Adds what the watchdog saw to the record. Arguments: who saw it; a JSON object of arrays named as the tables are, each of
-- objects with the table's columns. Returns whether it counted: only the leader's does.
CREATE OR REPLACE FUNCTION pgmoat.record_samples(holder text, batch jsonb)
RETURNS boolean LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF NOT pgmoat.leads(holder) THEN
        RETURN false;
    END IF;
    PERFORM pgmoat.make_days();
    INSERT INTO pgmoat.sampling AS x
    SELECT * FROM jsonb_populate_recordset(NULL::pgmoat.sampling, batch -> 'sampling')
        ON CONFLICT (minute) DO UPDATE
       SET seconds = x.seconds + excluded.seconds, samples = x.samples + excluded.samples,
           hidden = GREATEST(x.hidden, excluded.hidden);
    INSERT INTO pgmoat.usage AS x
    SELECT * FROM jsonb_populate_recordset(NULL::pgmoat.usage, batch -> 'usage')
        ON CONFLICT (minute, agent, wait_class) DO UPDATE
       SET seconds = x.seconds + excluded.seconds, samples = x.samples + excluded.samples;
    INSERT INTO pgmoat.usage_detail
    SELECT * FROM jsonb_populate_recordset(NULL::pgmoat.usage_detail, batch -> 'usage_detail');
    INSERT INTO pgmoat.activity AS x
    SELECT * FROM jsonb_populate_recordset(NULL::pgmoat.activity, batch -> 'activity')
        ON CONFLICT (minute, agent) DO UPDATE
       SET connections = GREATEST(x.connections, excluded.connections),
           statements = CASE WHEN x.statements IS NULL THEN excluded.statements
                             ELSE x.statements + COALESCE(excluded.statements, 0) END,
           rows = CASE WHEN x.rows IS NULL THEN excluded.rows ELSE x.rows + COALESCE(excluded.rows, 0) END,
           execution_seconds = CASE WHEN x.execution_seconds IS NULL THEN excluded.execution_seconds
                                    ELSE x.execution_seconds + COALESCE(excluded.execution_seconds, 0) END,
           planning_seconds = CASE WHEN x.planning_seconds IS NULL THEN excluded.planning_seconds
                                   ELSE x.planning_seconds + COALESCE(excluded.planning_seconds, 0) END,
           rows_written = GREATEST(x.rows_written, excluded.rows_written);
    INSERT INTO pgmoat.statement_text
    SELECT * FROM jsonb_populate_recordset(NULL::pgmoat.statement_text, batch -> 'statement_text')
        ON CONFLICT DO NOTHING;
    INSERT INTO pgmoat.unfinished
    SELECT * FROM jsonb_populate_recordset(NULL::pgmoat.unfinished, batch -> 'unfinished');
    INSERT INTO pgmoat.reading AS x
    SELECT * FROM jsonb_populate_recordset(NULL::pgmoat.reading, batch -> 'reading')
        ON CONFLICT (agent) DO UPDATE
       SET at = excluded.at, since = excluded.since, calls = excluded.calls, rows = excluded.rows,
           execution_seconds = excluded.execution_seconds, planning_seconds = excluded.planning_seconds;
    RETURN true;
END
$function$;
