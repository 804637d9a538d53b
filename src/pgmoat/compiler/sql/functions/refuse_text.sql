-- Raises the error for a task id or a step that is not allowed. Never shows it: it may be long, or forge a line of a log.
-- Arguments: what it is, the text, how many characters it may have.
CREATE OR REPLACE FUNCTION pgmoat.refuse_text(noun text, given text, max_length integer)
RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM pgmoat.count_refusal('PM017');
    RAISE EXCEPTION 'pgmoat: % is not allowed: it has % characters%', noun, COALESCE(length(given), 0),
          CASE WHEN length(given) BETWEEN 1 AND max_length THEN ', some of which cannot be printed' ELSE '' END
        USING ERRCODE = 'PM017',
              HINT = format('Give 1 to %s printable characters: no line breaks, tabs or other control characters.', max_length);
END
$function$;
