-- Raises the error for a word that the column's value map lacks. Returns nothing; typed text to stand in a CASE.
-- Arguments: entity and column, the word, and the words allowed.
CREATE OR REPLACE FUNCTION pgmoat.refuse_value(entity text, column_name text, word text, allowed text[])
RETURNS text LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM pgmoat.count_refusal('PM021');
    RAISE EXCEPTION 'pgmoat: % is no value of %.%', quote_literal(left(word, 100)), entity, column_name
        USING ERRCODE = 'PM021', HINT = 'Allowed: ' || array_to_string(allowed, ', ') || '.';
END
$function$;
