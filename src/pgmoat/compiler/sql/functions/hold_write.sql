-- Has a write of the agent's own SQL wait for a person's word, instead of pgmoat.finish_write(). Before it, in one transaction:
-- pgmoat.begin_write(), SAVEPOINT, the write, pgmoat.sign_preview(), ROLLBACK TO the savepoint.
-- Arguments: the call; the preview and its signature; the request, where it is longer than 8 kB. Returns the result, which
-- pgmoat.begin_write() gives as long as it waits.
CREATE OR REPLACE FUNCTION pgmoat.hold_write(call bigint, preview text, signature text, request jsonb DEFAULT NULL)
RETURNS jsonb LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $function$
#variable_conflict use_variable
DECLARE
    c record;
    sealed bytea;
BEGIN
    PERFORM pgmoat.find_call(call);
    IF signature IS DISTINCT FROM pgmoat.sign_call(call, preview) THEN
        PERFORM pgmoat.count_refusal('PM048');
        RAISE EXCEPTION 'pgmoat: this preview was not signed for this write'
            USING ERRCODE = 'PM048', HINT = 'Give what pgmoat.sign_preview() gave for this call in this transaction, as it is.';
    END IF;
    SELECT o.operation, o.at, o.request_hash, o.request, k.scope, a.approval_expires_ms INTO c
      FROM pgmoat.operation_call AS o JOIN pgmoat.task AS k ON k.id = o.task JOIN pgmoat.agent AS a ON a.name = o.agent
     WHERE o.id = call;
    IF c.request IS NULL THEN
        IF jsonb_typeof(request) IS DISTINCT FROM 'object' THEN
            PERFORM pgmoat.refuse_json('the request, which is longer than 8 kB,', 'object', jsonb_typeof(request));
        END IF;
        c.request := (SELECT COALESCE(jsonb_object_agg(e.key, e.value), '{}') FROM jsonb_each(request) AS e WHERE e.value <> 'null');
        IF sha256(convert_to(jsonb_build_array(c.operation, c.request, c.scope)::text, 'UTF8')) <> c.request_hash THEN
            PERFORM pgmoat.refuse_key('PM041', c.operation, c.operation, c.at);
        END IF;
    END IF;
    sealed := decode(preview, 'hex');
    RETURN pgmoat.hold(call, convert_from(pgmoat.cipher(substring(sealed FROM 33), substring(sealed FROM 1 FOR 32)), 'UTF8')::jsonb,
                       c.request, c.approval_expires_ms);
END
$function$;
