-- Deferred constraint trigger on pgmoat.statement: charges the transaction to its task and its agent's hour.
-- Runs at COMMIT (or when SET CONSTRAINTS asks for it), so that the task's row is locked only for that moment.
CREATE OR REPLACE FUNCTION pgmoat.charge()
RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
SET lock_timeout = '2s' -- charges take milliseconds; nobody is to wait for one that does not end
AS $function$
DECLARE
    total record;
    t record;
    charged pgmoat.ledger;
    due_rows bigint;
    due_bytes bigint;
    own record;
    due_own bigint := 0;
    asks text;
    this_hour timestamptz;
BEGIN
    SELECT s.transaction_rows, s.transaction_bytes INTO total
      FROM pgmoat.statement AS s WHERE s.xid = NEW.xid ORDER BY s.id DESC LIMIT 1;
    -- One charge at a time. Not the task's row: a freeze must not wait for the one it freezes.
    PERFORM FROM pgmoat.ledger AS l WHERE l.task = NEW.task AND l.seq = 0 FOR UPDATE;
    SELECT * INTO charged FROM pgmoat.ledger AS l WHERE l.task = NEW.task ORDER BY l.seq DESC LIMIT 1;
    IF charged.xid <> NEW.xid THEN
        charged.transaction_rows := 0;
        charged.transaction_bytes := 0;
        charged.transaction_own_rows := 0;
    END IF;
    due_rows := total.transaction_rows - charged.transaction_rows;
    due_bytes := total.transaction_bytes - charged.transaction_bytes;
    IF due_rows = 0 AND due_bytes = 0 THEN
        RETURN NULL; -- an earlier statement of this transaction has charged it all
    END IF;

    -- Read after the lock was won: a freeze that came before this COMMIT holds.
    SELECT k.task_id, k.agent, k.deadline, k.closed_at, k.frozen_at, k.frozen_reason,
           a.frozen_at AS agent_frozen_at, a.frozen_reason AS agent_frozen_reason,
           LEAST(a.writes_per_task, k.max_writes) AS writes_per_task, a.bytes_per_task, a.writes_per_hour, k.ancestors, k.parent,
           a.approval_statement_rows, a.approval_task_rows
      INTO t FROM pgmoat.task AS k JOIN pgmoat.agent AS a ON a.name = k.agent WHERE k.id = NEW.task;
    IF t.closed_at IS NOT NULL OR t.frozen_at IS NOT NULL OR t.agent_frozen_at IS NOT NULL OR t.deadline <= clock_timestamp() THEN
        PERFORM pgmoat.refuse_task(t.task_id, t.agent, t.deadline, t.closed_at, t.frozen_at, t.frozen_reason,
                                   t.agent_frozen_at, t.agent_frozen_reason);
    END IF;
    IF charged.rows_used + due_rows > t.writes_per_task OR charged.bytes_used + due_bytes > t.bytes_per_task THEN
        PERFORM pgmoat.refuse_budget(t.task_id, charged.rows_used, due_rows, t.writes_per_task,
                                     charged.bytes_used, due_bytes, t.bytes_per_task);
    END IF;
    -- What needs a person's word, and has none. Tasks above may be another agent's, with another limit.
    IF t.approval_statement_rows IS NOT NULL OR t.approval_task_rows IS NOT NULL
       OR t.parent IS NOT NULL AND EXISTS (SELECT FROM pgmoat.task AS k JOIN pgmoat.agent AS a ON a.name = k.agent
                                            WHERE k.id = ANY (t.ancestors) AND a.approval_task_rows IS NOT NULL) THEN
        own := pgmoat.count_own_rows();
        due_own := own.transaction_rows - charged.transaction_own_rows;
        IF own.statement_rows > t.approval_statement_rows THEN
            asks := format('it writes %s rows, more than %s', own.statement_rows, t.approval_statement_rows);
        ELSIF due_own > 0 AND charged.own_rows + due_own > t.approval_task_rows THEN
            asks := pgmoat.ask_tasks(ARRAY[NEW.task], due_own);
        END IF;
        IF asks IS NOT NULL THEN
            PERFORM pgmoat.refuse_approval('PM050', asks, NULL);
        END IF;
    END IF;
    IF t.parent IS NOT NULL THEN
        PERFORM pgmoat.charge_ancestors(t.ancestors, NEW.xid, due_rows, due_bytes, due_own);
    END IF;

    -- In UTC: an hour of the session's own zone could begin whenever an agent likes.
    this_hour := date_trunc('hour', clock_timestamp(), 'UTC');
    IF charged.hour <> this_hour THEN
        charged.hour := this_hour;
        charged.hour_used := 0;
        charged.hour_granted := 0;
    END IF;
    IF charged.hour_used + due_rows > charged.hour_granted THEN
        charged.hour_granted := charged.hour_granted + pgmoat.lease_hour(
            NEW.task, t.agent, this_hour, t.writes_per_hour,
            charged.hour_used + due_rows - charged.hour_granted, charged.hour_used);
    END IF;

    INSERT INTO pgmoat.ledger (task, seq, xid, transaction_rows, transaction_bytes, rows_used, bytes_used,
                               hour, hour_used, hour_granted, transaction_own_rows, own_rows)
    VALUES (NEW.task, charged.seq + 1, NEW.xid, total.transaction_rows, total.transaction_bytes,
            charged.rows_used + due_rows, charged.bytes_used + due_bytes,
            this_hour, charged.hour_used + due_rows, charged.hour_granted,
            charged.transaction_own_rows + due_own, charged.own_rows + due_own)
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN -- only an older snapshot can get here
        PERFORM pgmoat.refuse_charge();
    END IF;
    RETURN NULL;
END
$function$;
