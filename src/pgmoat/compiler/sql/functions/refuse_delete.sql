-- Raises the error for a DELETE without a reason. Arguments: the entity.
CREATE OR REPLACE FUNCTION pgmoat.refuse_delete(entity text)
RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM pgmoat.count_refusal('PM020');
    RAISE EXCEPTION 'pgmoat: DELETE on % needs a reason', entity
        USING ERRCODE = 'PM020', HINT = 'Give it when entering the task: SELECT pgmoat.enter($1, $2, $3), the third is the reason.';
END
$function$;
