-- Raises the error for an undo where there is nothing to undo. Arguments: the log.
CREATE OR REPLACE FUNCTION pgmoat.refuse_undo(log text)
RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM pgmoat.count_refusal('PM028');
    RAISE EXCEPTION 'pgmoat: % has no step of this row that could be undone', log
        USING ERRCODE = 'PM028', HINT = 'Every step is undone already, or there was none.';
END
$function$;
