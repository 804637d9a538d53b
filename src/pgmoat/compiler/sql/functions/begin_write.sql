-- Begins a write of the agent's own SQL that takes effect once: later, in the same transaction, come the write itself and
-- pgmoat.finish_write(). A key that another transaction is using is waited for (lock_timeout), and then replayed.
-- Arguments: the key; the request, an object: what makes two writes the same; the task's token, the step and the reason,
-- as for pgmoat.enter(), where that was not called yet. Returns the call; or the result of the earlier one, or of one
-- that waits for a person's word (it has "approval"): then there is nothing to write.
CREATE OR REPLACE FUNCTION pgmoat.begin_write(key text, request jsonb, token text DEFAULT NULL, step text DEFAULT NULL,
    reason text DEFAULT NULL, OUT call bigint, OUT result jsonb)
RETURNS record LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF token IS NOT NULL THEN
        PERFORM pgmoat.enter(token, step, reason);
    END IF;
    IF jsonb_typeof(request) IS DISTINCT FROM 'object' THEN
        PERFORM pgmoat.refuse_json('the request', 'object', jsonb_typeof(request));
    END IF;
    -- No operation of a policy can have this name.
    SELECT b.call, b.result INTO call, result
      FROM pgmoat.begin_operation('write()', key, true, 604800000, request, '{}') AS b;
    IF result IS NULL THEN
        PERFORM pgmoat.check_idle_calls(call, NULL); -- it may never be finished
    END IF;
END
$function$;
