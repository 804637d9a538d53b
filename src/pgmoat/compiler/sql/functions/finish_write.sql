-- Ends a write that pgmoat.begin_write() began in this transaction and task: counts what was written, stores the result.
-- Arguments: the call; the rows that the write returned, an array, and whether some are left out. Rows of more than 64 kB are
-- not stored. Returns the result, which a repeated pgmoat.begin_write() gives.
CREATE OR REPLACE FUNCTION pgmoat.finish_write(call bigint, rows jsonb DEFAULT '[]', is_truncated boolean DEFAULT false)
RETURNS jsonb LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off -- a plan made while the table was empty must not scan a grown one
AS $function$
DECLARE
    newest_change bigint := pgmoat.find_call(call);
    is_large boolean := octet_length(rows::text) > 65536;
    result jsonb;
BEGIN
    IF jsonb_typeof(rows) <> 'array' THEN
        PERFORM pgmoat.refuse_json('the rows', 'array', jsonb_typeof(rows));
    END IF;
    result := pgmoat.finish_operation(call, newest_change, NULL, NULL, CASE WHEN is_large THEN '[]' ELSE COALESCE(rows, '[]') END,
                                      COALESCE(is_truncated, false) OR COALESCE(is_large, false));
    PERFORM pgmoat.charge_result(call);
    RETURN result;
END
$function$;
