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
    SELECT s.id, s.parent, s.deadline, s.closed_at, s.frozen_at, s.agent_frozen_at, s.statement_timeout_ms,
           s.requires_watchdog
      INTO t FROM pgmoat.session_task AS s;
    IF t.id IS NULL OR t.closed_at IS NOT NULL OR t.frozen_at IS NOT NULL OR t.agent_frozen_at IS NOT NULL
       OR t.deadline <= clock_timestamp() OR t.parent IS NOT NULL OR t.requires_watchdog THEN
        t.statement_timeout_ms := pgmoat.check_session();
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
