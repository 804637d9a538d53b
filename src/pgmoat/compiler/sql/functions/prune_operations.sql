-- Forgets calls of operations: their keys run anew from then on, and the history no longer names the operation.
-- Only calls that have expired; and what was held for a person's word and has expired, unless an agent is about to run it, or a person has rejected it: that stays so.
-- Arguments: how long ago a call must have been made. Returns how many were forgotten.
CREATE OR REPLACE FUNCTION pgmoat.prune_operations(older_than interval)
RETURNS bigint LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    forgotten bigint;
BEGIN
    DELETE FROM pgmoat.operation_call AS c
     WHERE c.expires_at <= clock_timestamp() AND c.at <= clock_timestamp() - prune_operations.older_than;
    GET DIAGNOSTICS forgotten = ROW_COUNT;
    DELETE FROM pgmoat.approval AS p
     WHERE p.id IN (SELECT e.id FROM pgmoat.approval AS e
                     WHERE e.expires_at <= clock_timestamp() AND e.decision IS DISTINCT FROM 'rejected' AND e.asked_at <= clock_timestamp() - prune_operations.older_than
                       FOR UPDATE SKIP LOCKED);
    RETURN forgotten;
END
$function$;
