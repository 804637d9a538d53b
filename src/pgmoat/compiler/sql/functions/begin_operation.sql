-- Begins a call of an operation: the gate, the parameters, the idempotency key. Only operations' roles may call it.
-- A key that another transaction is using is waited for (lock_timeout), and then replayed.
-- Arguments: the operation; the key, and whether there must be one; how long it replays; the parameters, and the names
-- of those that must be given. Returns the call and the newest change before it; or the result of the
-- earlier call, or of one that waits for a person's word.
CREATE OR REPLACE FUNCTION pgmoat.begin_operation(operation text, key text, is_key_required boolean, expires_ms bigint,
    request jsonb, required text[], OUT call bigint, OUT newest_change bigint, OUT result jsonb)
RETURNS record LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off -- a plan made while the tables were empty must not scan a grown history
AS $function$
#variable_conflict use_column
DECLARE
    t record;
    missing text;
    given jsonb := request;
    this_hash bytea;
    earlier record;
    held bigint;
BEGIN
    PERFORM pgmoat.gate(begin_operation.operation);
    IF current_setting('transaction_read_only')::boolean THEN
        PERFORM pgmoat.refuse_read_only(begin_operation.operation);
    END IF;
    SELECT r.name INTO missing FROM unnest(required) AS r (name) WHERE request ->> r.name IS NULL LIMIT 1;
    IF FOUND THEN
        PERFORM pgmoat.refuse_parameter(begin_operation.operation, missing);
    END IF;
    IF begin_operation.key IS NULL AND is_key_required OR length(begin_operation.key) NOT BETWEEN 1 AND 200 THEN
        PERFORM pgmoat.refuse_key('PM040', begin_operation.operation, NULL, NULL);
    END IF;
    -- A parameter that is not given is no part of the request: adding an optional one changes no earlier request.
    SELECT COALESCE(jsonb_object_agg(e.key, e.value), '{}') INTO given FROM jsonb_each(request) AS e WHERE e.value <> 'null';
    SELECT s.id, s.agent, s.scope, current_setting('pgmoat.step', true) AS step INTO t FROM pgmoat.session_task AS s;
    IF NOT FOUND THEN
        PERFORM pgmoat.claim_named();
        SELECT s.id, s.agent, '{}'::jsonb AS scope, s.step INTO t FROM pgmoat.named_task AS s;
    END IF;
    -- As an array: what belongs to one part cannot pass for another's. jsonb has one text for one value.
    this_hash := sha256(convert_to(jsonb_build_array(begin_operation.operation, given, t.scope)::text, 'UTF8'));

    SELECT COALESCE(max(c.id), 0) INTO newest_change FROM pgmoat.change AS c WHERE c.xid = pg_current_xact_id();
    FOR attempt IN 1 .. 10 LOOP
        IF begin_operation.key IS NOT NULL THEN
            SELECT c.operation, c.request_hash, c.at, c.expires_at, c.result, c.xid INTO earlier
              FROM pgmoat.operation_call AS c WHERE c.agent = t.agent AND c.key = begin_operation.key;
            IF FOUND THEN
                IF earlier.operation <> begin_operation.operation OR earlier.request_hash <> this_hash THEN
                    PERFORM pgmoat.refuse_key('PM041', begin_operation.operation, earlier.operation, earlier.at);
                ELSIF earlier.expires_at <= clock_timestamp() THEN
                    PERFORM pgmoat.refuse_key('PM042', begin_operation.operation, earlier.operation, earlier.at);
                ELSIF earlier.result IS NULL THEN
                    PERFORM pgmoat.refuse_key('PM049', begin_operation.operation, NULL,
                                              CASE WHEN earlier.xid <> pg_current_xact_id() THEN earlier.at END);
                END IF;
                result := earlier.result || '{"replayed": true}';
                RETURN;
            END IF;
            SELECT p.id INTO held FROM pgmoat.approval AS p WHERE p.agent = t.agent AND p.key = begin_operation.key;
            IF FOUND THEN
                result := pgmoat.check_held(held, begin_operation.operation, this_hash);
                IF result IS NOT NULL THEN
                    RETURN;
                END IF;
            END IF;
        END IF;
        BEGIN
            -- An agent's own write is finished by the agent, or never: until then it counts as one that wrote nothing.
            INSERT INTO pgmoat.operation_call (agent, key, operation, request_hash, request, task, step, expires_at,
                                               affected, first_change)
            VALUES (t.agent, begin_operation.key, begin_operation.operation, this_hash,
                    -- As text: a number of twelve bytes can have 100 000 digits, and somebody reads this.
                    CASE WHEN octet_length(given::text) <= 8000 THEN given END, t.id,
                    pgmoat.clean_step(t.step),
                    clock_timestamp() + expires_ms * interval '1 millisecond',
                    CASE begin_operation.operation WHEN 'write()' THEN 0 END, newest_change)
            ON CONFLICT (agent, key) DO NOTHING
            RETURNING id INTO call;
        EXCEPTION WHEN lock_not_available THEN
            PERFORM pgmoat.refuse_key('PM043', begin_operation.operation, NULL, NULL);
        END;
        IF call IS NOT NULL THEN
            -- Once more, since the key is now this transaction's: what waited for another one's end finds what that has held.
            -- Without a lock while it waits: that would keep people from deciding for as long as this transaction lasts.
            SELECT p.id INTO held FROM pgmoat.approval AS p WHERE p.agent = t.agent AND p.key = begin_operation.key;
            IF FOUND THEN
                PERFORM FROM pgmoat.approval AS p
                  WHERE p.id = held AND p.decision = 'approved' AND p.done_at IS NULL FOR UPDATE;
                result := pgmoat.check_held(held, begin_operation.operation, this_hash);
                IF result IS NOT NULL THEN
                    DELETE FROM pgmoat.operation_call AS c WHERE c.id = begin_operation.call;
                    call := NULL;
                ELSE
                    UPDATE pgmoat.operation_call AS c SET approval = p.id FROM pgmoat.approval AS p
                     WHERE c.id = begin_operation.call AND p.id = held AND p.decision = 'approved' AND p.done_at IS NULL
                       AND p.expires_at > clock_timestamp();
                END IF;
            END IF;
            RETURN;
        END IF;
    END LOOP;
    PERFORM pgmoat.refuse_key('PM043', begin_operation.operation, NULL, NULL); -- pruned again and again
END
$function$;
