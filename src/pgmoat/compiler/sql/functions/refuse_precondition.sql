-- Raises the error for a precondition of an operation that does not hold.
-- Arguments: the operation, which of its preconditions (from 1), the policy's message.
CREATE OR REPLACE FUNCTION pgmoat.refuse_precondition(operation text, number integer, message text)
RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM pgmoat.count_refusal('PM044');
    RAISE EXCEPTION 'pgmoat: %', message
        USING ERRCODE = 'PM044',
              DETAIL = format('Precondition %s of operation %s does not hold. Nothing of it was written.', number, operation),
              HINT = 'Read the present state, and call it again when the condition holds; the same key may be used.';
END
$function$;
