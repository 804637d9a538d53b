-- Raises the error for a statement that changes too many rows. Arguments: the limit.
CREATE OR REPLACE FUNCTION pgmoat.refuse_rows(max_rows integer)
RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM pgmoat.count_refusal('PM010');
    RAISE EXCEPTION 'pgmoat: this statement changes more than % rows', max_rows
        USING ERRCODE = 'PM010', DETAIL = 'Nothing of it was written.',
              HINT = 'Check the WHERE clause. If so many rows must really change, do it in smaller statements '
                     '(limit rows_per_statement), within the task''s budget.';
END
$function$;
