-- Raises the error for a child task that would go beyond its parent. Arguments: what exceeds, what the caller gave
-- (NULL: nothing; never the parent's scope), hint.
CREATE OR REPLACE FUNCTION pgmoat.refuse_child(what text, detail text, hint text)
RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM pgmoat.count_refusal('PM018');
    RAISE EXCEPTION 'pgmoat: a child task cannot have more than its parent: %', what
        USING ERRCODE = 'PM018', DETAIL = COALESCE(detail, 'Nothing was opened.'), HINT = hint;
END
$function$;
