-- Holds a call of an operation that was taken back. Only operations' roles may call it. Arguments: the call, what
-- pgmoat.weigh_operation() gave, the parameters, how long it may wait. Returns the result.
CREATE OR REPLACE FUNCTION pgmoat.hold_operation(call bigint, seen jsonb, request jsonb, expires_ms bigint)
RETURNS jsonb LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT pgmoat.hold(call, seen, (SELECT COALESCE(jsonb_object_agg(e.key, e.value), '{}') FROM jsonb_each(request) AS e
                                     WHERE e.value <> 'null'), expires_ms);
$function$;
