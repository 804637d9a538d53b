-- The gate: every entity view asks it once per statement, every INSERT by a trigger. True, or an error.
-- A read under a name that has no row yet passes: it opens nothing, so that it works on a standby as well.
-- PARALLEL RESTRICTED, so that queries over entities can still use parallel workers.
-- Arguments: the entity's name, for messages.
CREATE OR REPLACE FUNCTION pgmoat.gate(entity text)
RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    t record;
BEGIN
    SELECT s.task_id, s.agent, s.deadline, s.closed_at, s.frozen_at, s.frozen_reason, s.agent_frozen_at,
           s.agent_frozen_reason, s.statement_timeout_ms, s.ancestors, s.parent
      INTO t FROM pgmoat.session_task AS s;
    IF t.task_id IS NULL THEN
        SELECT s.task_id, s.agent, s.deadline, s.closed_at, s.frozen_at, s.frozen_reason, s.agent_frozen_at,
               s.agent_frozen_reason, s.statement_timeout_ms, s.ancestors, s.parent, s.origin
          INTO t FROM pgmoat.named_task AS s;
        IF FOUND THEN
            PERFORM pgmoat.check_named(t.agent, t.task_id, t.origin);
        END IF;
    END IF;
    IF t.task_id IS NULL OR t.closed_at IS NOT NULL OR t.frozen_at IS NOT NULL OR t.agent_frozen_at IS NOT NULL
       OR t.deadline <= clock_timestamp() THEN
        PERFORM pgmoat.refuse_task(t.task_id, t.agent, t.deadline, t.closed_at, t.frozen_at, t.frozen_reason,
                                   t.agent_frozen_at, t.agent_frozen_reason);
    END IF;
    IF t.parent IS NOT NULL THEN
        PERFORM pgmoat.check_ancestors(t.ancestors);
    END IF;
    -- An older snapshot would not see a freeze. A standby knows no freeze before it arrives, whatever the level.
    IF current_setting('transaction_isolation') <> 'read committed' AND NOT pg_is_in_recovery() THEN
        PERFORM pgmoat.count_refusal('PM006');
        RAISE EXCEPTION 'pgmoat: entity % is read and written at READ COMMITTED only, not %', entity,
              upper(current_setting('transaction_isolation'))
            USING ERRCODE = 'PM006', HINT = 'Begin the transaction with BEGIN ISOLATION LEVEL READ COMMITTED.';
    END IF;
    -- A tripwire for honest clients: SQL that means to can set the value back before the gate looks.
    IF current_setting('statement_timeout')::interval NOT BETWEEN interval '1 millisecond'
       AND t.statement_timeout_ms * interval '1 millisecond' THEN
        PERFORM pgmoat.count_refusal('PM007');
        RAISE EXCEPTION 'pgmoat: statement_timeout was lifted to %', current_setting('statement_timeout')
            USING ERRCODE = 'PM007',
                  HINT = 'RESET statement_timeout, or set it to at most ' || t.statement_timeout_ms || 'ms.';
    END IF;
    RETURN true;
END
$function$;
