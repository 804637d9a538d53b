-- The slow path of the gate and of enter: for sessions without a token, tasks that may not go on, tasks with others
-- above them, and agents that are to be watched. Raises the error that fits, or returns the statement_timeout that the session's agent may have.
CREATE OR REPLACE FUNCTION pgmoat.check_session()
RETURNS integer LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    t record;
BEGIN
    SELECT s.task_id, s.agent, s.deadline, s.closed_at, s.frozen_at, s.frozen_reason, s.agent_frozen_at,
           s.agent_frozen_reason, s.statement_timeout_ms, s.ancestors, s.requires_watchdog
      INTO t FROM pgmoat.session_task AS s;
    IF NOT FOUND THEN
        SELECT s.task_id, s.agent, s.deadline, s.closed_at, s.frozen_at, s.frozen_reason, s.agent_frozen_at,
               s.agent_frozen_reason, s.statement_timeout_ms, s.ancestors, s.origin, s.requires_watchdog
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
    PERFORM pgmoat.check_ancestors(t.ancestors);
    -- By the statement's beginning, as old as the row that is seen: a view whose turn comes late in a long statement
    -- must not take the heartbeat of its beginning for a stale one.
    IF t.requires_watchdog AND NOT EXISTS (SELECT FROM pgmoat.heartbeat AS h
                                            WHERE h.name = 'watch' AND h.good_until > statement_timestamp()) THEN
        PERFORM pgmoat.count_refusal('PM033');
        RAISE EXCEPTION 'pgmoat: agent % works only while the watchdog runs, and it does not', t.agent
            USING ERRCODE = 'PM033', DETAIL = 'Last round: ' || (SELECT CASE WHEN isfinite(h.at) THEN date_trunc('second', h.at)::text
                                                                 ELSE 'never' END FROM pgmoat.heartbeat AS h WHERE h.name = 'watch'),
                  HINT = 'Wait a few seconds and try once more; then stop. A person has to start pgmoat watch.';
    END IF;
    RETURN t.statement_timeout_ms;
END
$function$;
