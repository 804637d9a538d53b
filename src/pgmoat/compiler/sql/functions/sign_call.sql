-- The signature of what a call would write: whoever has none cannot have another thing held under the call's key.
-- Arguments: the call, the preview as pgmoat.sign_preview() made it.
CREATE OR REPLACE FUNCTION pgmoat.sign_call(call bigint, preview text)
RETURNS text LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $function$
    SELECT encode(sha256(s.token_key || sha256(s.token_key || convert_to(jsonb_build_array('preview', c.id, c.xid::text, c.agent,
               c.task, c.key, encode(c.request_hash, 'hex'), preview)::text, 'UTF8'))), 'hex')
      FROM pgmoat.operation_call AS c, pgmoat.secret AS s
     WHERE c.id = call;
$function$;
