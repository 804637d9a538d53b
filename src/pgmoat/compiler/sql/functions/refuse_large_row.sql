-- Raises the error for an answer whose first row is larger than an answer may be: without it the answer would look empty.
-- A boolean, so that a condition can call it. Arguments: the row's size as text and the most, in bytes.
CREATE OR REPLACE FUNCTION pgmoat.refuse_large_row(size bigint, most_bytes bigint)
RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    RAISE EXCEPTION 'pgmoat: the first row of the answer has % bytes, and an answer may have %', size, most_bytes
        USING ERRCODE = '54000', HINT = 'Select fewer columns, or cut long values: left(column, 1000).';
END
$function$;
