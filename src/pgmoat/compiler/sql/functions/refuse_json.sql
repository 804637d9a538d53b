-- Raises the error for a value of a keyed write that has not the form it must have.
-- Arguments: which one, the type it must have, the one it has.
CREATE OR REPLACE FUNCTION pgmoat.refuse_json(noun text, wanted text, given text)
RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM pgmoat.count_refusal('PM046');
    RAISE EXCEPTION 'pgmoat: % must be a JSON %, not %', noun, wanted, COALESCE(given, 'NULL')
        USING ERRCODE = 'PM046', DETAIL = 'Nothing was written.',
              HINT = CASE wanted WHEN 'object' THEN 'Give what makes two writes the same: the statement, its parameters.'
                                 ELSE 'Give the rows that the write returned, or leave them out.' END;
END
$function$;
