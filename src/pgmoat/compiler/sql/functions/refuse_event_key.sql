-- Raises the error for an idempotency key that stands for another event. Arguments: the log, the key, when it was used.
CREATE OR REPLACE FUNCTION pgmoat.refuse_event_key(log text, idempotency_key text, used_at timestamptz)
RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF idempotency_key IS NULL THEN
        PERFORM pgmoat.count_refusal('PM027');
        RAISE EXCEPTION 'pgmoat: % needs an idempotency_key', log
            USING ERRCODE = 'PM027', HINT = 'Make it of what stays the same in a retry: task, operation and row. '
                'The same key writes once, however often it is sent.';
    END IF;
    PERFORM pgmoat.count_refusal('PM026');
    RAISE EXCEPTION 'pgmoat: % has the key % since %, for another event', log, quote_literal(left(idempotency_key, 200)),
          date_trunc('second', used_at)
        USING ERRCODE = 'PM026', DETAIL = 'Nothing was written.',
              HINT = 'A retry sends the same values. For another event, make another key.';
END
$function$;
