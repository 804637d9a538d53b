-- Whether a key under which something is or was held may be used now. An error where it was held for another request, or a
-- person has rejected it. Arguments: the number, the operation and the hash of the request that are asked for now.
-- Returns what the agent gets where it still waits; NULL where it may run: approved, expired, or done and forgotten.
CREATE OR REPLACE FUNCTION pgmoat.check_held(approval bigint, operation text, request_hash bytea)
RETURNS jsonb LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $function$
#variable_conflict use_column
DECLARE
    held record;
BEGIN
    SELECT p.operation, p.request_hash, p.asked_at, p.decision, p.decision_reason, p.expires_at, p.done_at INTO held
      FROM pgmoat.approval AS p WHERE p.id = check_held.approval;
    IF held.done_at IS NOT NULL THEN
        RETURN NULL;
    ELSIF held.operation <> check_held.operation OR held.request_hash <> check_held.request_hash THEN
        PERFORM pgmoat.refuse_key('PM041', check_held.operation, held.operation, held.asked_at);
    ELSIF held.decision = 'rejected' THEN
        PERFORM pgmoat.refuse_approval('PM051', check_held.approval::text, held.decision_reason);
    ELSIF held.decision IS NULL AND held.expires_at > clock_timestamp() THEN
        RETURN pgmoat.describe_held(check_held.approval);
    END IF;
    RETURN NULL;
END
$function$;
