-- What an agent gets for a write or call that waits for a person's word: a result that says so. Arguments: its number.
CREATE OR REPLACE FUNCTION pgmoat.describe_held(approval bigint)
RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $function$
    SELECT jsonb_build_object('operation', p.operation, 'key', p.key, 'replayed', false, 'affected', 0, 'rows', '[]'::jsonb,
                              'truncated', false, 'statement_id', NULL, 'approval',
               jsonb_build_object('id', p.id, 'state', 'pending', 'why', p.why, 'affected', p.affected,
                                  'expires_at', to_char(p.expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')))
      FROM pgmoat.approval AS p
     WHERE p.id = describe_held.approval;
$function$;
