-- Raises the error for an idempotency key that a call cannot have. Never shows what the key was used with.
-- Arguments: the SQLSTATE, the operation; for which operation the key was used, and when (PM049: NULL in this transaction).
CREATE OR REPLACE FUNCTION pgmoat.refuse_key(state text, operation text, used_for text, used_at timestamptz)
RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF state = 'PM040' THEN
        PERFORM pgmoat.count_refusal('PM040');
        RAISE EXCEPTION 'pgmoat: operation % needs an idempotency key of 1 to 200 characters', operation
            USING ERRCODE = 'PM040', DETAIL = 'Nothing was written.',
                  HINT = 'Give a key (idempotency_key of an operation, key of pgmoat.begin_write), a text that is the same whenever you repeat this call, and another for '
                         'another purpose, such as task id, operation and target.';
    ELSIF state = 'PM041' THEN
        PERFORM pgmoat.count_refusal('PM041');
        RAISE EXCEPTION 'pgmoat: this idempotency key was used for another request'
            USING ERRCODE = 'PM041',
                  DETAIL = format('Used for operation %s at %s, with other parameters, or in a task of another scope. Nothing '
                                  'was written now.', used_for, date_trunc('second', used_at)),
                  HINT = 'If this is a new purpose, give it a key of its own. If it is a retry, repeat the same parameters.';
    ELSIF state = 'PM042' THEN
        PERFORM pgmoat.count_refusal('PM042');
        RAISE EXCEPTION 'pgmoat: this idempotency key has expired: operation % was done with it at %', used_for,
              date_trunc('second', used_at)
            USING ERRCODE = 'PM042', DETAIL = 'Nothing was written now.',
                  HINT = 'It has been done: read the present state. To do it once more on purpose, give a new key.';
    ELSIF state = 'PM049' THEN
        PERFORM pgmoat.count_refusal('PM049');
        RAISE EXCEPTION 'pgmoat: this idempotency key belongs to a write that %', COALESCE(
                'was never finished, at ' || date_trunc('second', used_at), 'this transaction has begun and not finished')
            USING ERRCODE = 'PM049',
                  DETAIL = CASE WHEN used_at IS NULL THEN 'Nothing was written by this call.'
                           ELSE 'Whatever it wrote is committed, and no result was stored. Nothing was written now.' END,
                  HINT = CASE WHEN used_at IS NULL THEN 'Finish that one first, or give another purpose another key.'
                         ELSE 'Read the present state. Whoever writes calls pgmoat.finish_write() before COMMIT.' END;
    ELSE
        PERFORM pgmoat.count_refusal('PM043');
        RAISE EXCEPTION 'pgmoat: another call of operation % with this idempotency key is still running', operation
            USING ERRCODE = 'PM043', DETAIL = 'Nothing was written by this call.',
                  HINT = 'Repeat it after a pause, with the same key: it will get the other''s result.';
    END IF;
END
$function$;
