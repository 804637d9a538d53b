-- Raises the error for an operation that wrote another number of rows than it must.
-- Arguments: the operation, the rows written, and how many it must write at least and at most (NULL: any number).
CREATE OR REPLACE FUNCTION pgmoat.refuse_affected(operation text, written bigint, least_rows bigint, most_rows bigint)
RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM pgmoat.count_refusal('PM045');
    RAISE EXCEPTION 'pgmoat: operation % would write % rows, and must write %', operation, written,
          CASE WHEN most_rows IS NULL THEN 'at least ' || least_rows ELSE most_rows::text END
        USING ERRCODE = 'PM045', DETAIL = 'Nothing of it was written.',
              HINT = 'Check the parameters: does what they name exist, and in the state that the operation expects?';
END
$function$;
