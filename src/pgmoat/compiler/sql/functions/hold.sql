-- Keeps a write or call that was tried and rolled back until a person has decided; its key is free again for the run. One that was
-- held under this key before is held anew: what was decided does not count. Its bytes are charged to the task, or whoever may
-- write could fill the disk with what is never approved.
-- Arguments: the call; what it would write, and why it asks (pgmoat.look_at_changes); the whole request; how long it may wait.
-- Returns what the agent gets.
CREATE OR REPLACE FUNCTION pgmoat.hold(call bigint, seen jsonb, request jsonb, expires_ms bigint)
RETURNS jsonb LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $function$
#variable_conflict use_column
DECLARE
    this record;
    previous record;
    number bigint;
    bytes integer;
BEGIN
    SELECT c.agent, c.key, c.operation, c.request_hash, c.task, c.step, k.task_id INTO this
      FROM pgmoat.operation_call AS c JOIN pgmoat.task AS k ON k.id = c.task WHERE c.id = hold.call;
    IF request IS NULL OR octet_length(request::text) > 65536 THEN
        PERFORM pgmoat.refuse_approval('PM054', 'what it asks for is larger than 64 kB', NULL);
    END IF;
    PERFORM pgmoat.check_holds(this.agent, this.key); -- the early check; pgmoat.count_holds() is the wall, at COMMIT
    INSERT INTO pgmoat.approval AS p (agent, key, operation, request_hash, request, task, step, given_reason, why, expires_at, affected,
                                      preview, is_cut, fingerprint, counts)
    VALUES (this.agent, this.key, this.operation, this.request_hash, request, this.task, this.step,
            seen ->> 'reason', seen ->> 'why',
            clock_timestamp() + expires_ms * interval '1 millisecond', (seen ->> 'affected')::bigint, seen -> 'preview',
            (seen ->> 'is_cut')::boolean, decode(seen ->> 'fingerprint', 'hex'), seen -> 'counts')
    ON CONFLICT (agent, key) DO UPDATE
       SET operation = EXCLUDED.operation, request_hash = EXCLUDED.request_hash, request = EXCLUDED.request, task = EXCLUDED.task,
           step = EXCLUDED.step, given_reason = EXCLUDED.given_reason, why = EXCLUDED.why, asked_at = clock_timestamp(),
           expires_at = EXCLUDED.expires_at, affected = EXCLUDED.affected, preview = EXCLUDED.preview, is_cut = EXCLUDED.is_cut,
           fingerprint = EXCLUDED.fingerprint, counts = EXCLUDED.counts, revision = p.revision + 1, decision = NULL, decided_at = NULL, decided_by = NULL,
           decided_as = NULL, decision_reason = NULL, call = NULL, done_at = NULL,
           held_in = EXCLUDED.held_in
    RETURNING p.id, pg_column_size(p.*) INTO number, bytes;
    DELETE FROM pgmoat.operation_call AS c WHERE c.id = hold.call;

    -- As pgmoat.charge_result() does: a record of no rows. The incident takes some more.
    SELECT s.at, s.statement_rows, s.transaction_rows, s.transaction_bytes, s.last_change INTO previous
      FROM pgmoat.statement AS s WHERE s.xid = pg_current_xact_id() ORDER BY s.id DESC LIMIT 1;
    INSERT INTO pgmoat.statement (xid, at, task, step, entity, operation, rows, statement_rows, transaction_rows,
                                  transaction_bytes, first_change, last_change)
    VALUES (pg_current_xact_id(), statement_timestamp(), this.task, this.step, this.operation, 'hold', 0,
            CASE WHEN previous.at = statement_timestamp() THEN previous.statement_rows ELSE 0 END,
            COALESCE(previous.transaction_rows, 0), COALESCE(previous.transaction_bytes, 0) + bytes + 500,
            COALESCE(previous.last_change, 0) + 1, COALESCE(previous.last_change, 0));
    PERFORM pgmoat.record_incident(this.agent, this.task_id, this.step, 'approval', 'held', 'approval:' || number,
        jsonb_build_object('operation', this.operation, 'affected', seen -> 'affected', 'why', seen -> 'why'));
    RETURN jsonb_set(pgmoat.describe_held(number), '{approval,is_new}', 'true');
END
$function$;
