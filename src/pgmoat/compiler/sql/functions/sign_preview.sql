-- What a keyed write has written so far, for pgmoat.hold_write() once it is rolled back to a savepoint. Only the database can read
-- it, or make another one. Arguments: the call, as pgmoat.begin_write() gave it. Returns it, and its signature.
CREATE OR REPLACE FUNCTION pgmoat.sign_preview(call bigint, OUT preview text, OUT signature text)
RETURNS record LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $function$
DECLARE
    seen record := pgmoat.look_at_changes(pgmoat.find_call(call));
    own record := pgmoat.count_own_rows();
    t record;
    nonce bytea := uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid());
    charged bigint;
    why text;
    sealed text;
BEGIN
    SELECT c.task, k.ancestors || k.id AS tasks, a.approval_statement_rows AS most_rows, p.fingerprint AS approved, p.given_reason
      INTO t
      FROM pgmoat.operation_call AS c JOIN pgmoat.task AS k ON k.id = c.task JOIN pgmoat.agent AS a ON a.name = c.agent
      LEFT JOIN pgmoat.approval AS p ON p.id = c.approval AND p.expires_at > clock_timestamp()
     WHERE c.id = sign_preview.call;
    SELECT l.transaction_own_rows INTO charged FROM pgmoat.ledger AS l
     WHERE l.task = t.task AND l.xid = pg_current_xact_id() ORDER BY l.seq DESC LIMIT 1;
    why := CASE WHEN own.statement_rows > t.most_rows
                THEN format('it writes %s rows, more than %s', own.statement_rows, t.most_rows)
                ELSE pgmoat.ask_tasks(t.tasks, own.transaction_rows - COALESCE(charged, 0)) END;
    IF t.approved <> seen.fingerprint THEN
        why := concat_ws('; ', why, CASE WHEN t.given_reason IS DISTINCT FROM seen.reason THEN 'it was approved with another reason'
                                    ELSE 'it was approved, and would write other rows now' END);
    END IF;
    sealed := jsonb_build_object('why', COALESCE(why, 'the agent asks for a person''s word'),
        'affected', seen.affected, 'preview', seen.preview, 'is_cut', seen.is_cut,
        'reason', seen.reason, 'counts', seen.counts, 'fingerprint', encode(seen.fingerprint, 'hex'))::text;
    -- Its length would tell what stands in columns that the agent may not read, and so it has one length where there are such:
    -- more than rows of 64 kB take. The view is the entity's own: nobody but its owner could give another one this trigger.
    IF EXISTS (SELECT FROM pg_class AS v JOIN pg_attribute AS x ON x.attrelid = v.oid AND x.attnum > 0 AND NOT x.attisdropped
                WHERE v.relname IN (SELECT c.entity FROM pgmoat.change AS c WHERE c.xid = pg_current_xact_id_if_assigned())
                  AND v.relkind = 'v'
                  AND EXISTS (SELECT FROM pg_trigger AS g WHERE g.tgrelid = v.oid AND g.tgfoid = 'pgmoat.after_write()'::regprocedure)
                  AND NOT has_column_privilege(session_user, v.oid, x.attnum, 'SELECT')) THEN
        sealed := sealed || repeat(' ', 80000 + COALESCE(octet_length(to_jsonb(seen.reason)::text), 0)
                                          + octet_length(seen.counts::text) - octet_length(sealed));
    END IF;
    preview := encode(nonce || pgmoat.cipher(convert_to(sealed, 'UTF8'), nonce), 'hex');
    signature := pgmoat.sign_call(call, preview);
END
$function$;
