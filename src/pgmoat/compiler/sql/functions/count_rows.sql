-- The early stop: counts what this statement has changed so far, exactly, over all entities.
-- The row triggers ask it only when the number of the newest change has passed pgmoat.stop_at, a setting that a
-- client may forge and that only saves work; the wall is the count of pgmoat.after_write().
-- Arguments: the newest change's id.
CREATE OR REPLACE FUNCTION pgmoat.count_rows(newest bigint)
RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $function$
DECLARE
    this_xid xid8 := pg_current_xact_id();
    this_at timestamptz := statement_timestamp();
    max_rows integer;
    written bigint;
BEGIN
    SELECT a.rows_per_statement INTO max_rows FROM pgmoat.agent AS a WHERE a.role = session_user;
    SELECT count(*) INTO written FROM (
        SELECT FROM pgmoat.change AS c WHERE c.xid = this_xid AND c.at = this_at LIMIT max_rows + 1) AS w;
    IF written > max_rows OR max_rows IS NULL THEN
        PERFORM pgmoat.refuse_rows(max_rows);
    END IF;
    PERFORM set_config('pgmoat.stop_at', (newest + max_rows - written)::text, true);
END
$function$;
