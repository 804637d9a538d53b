-- Leases a part of the agent's hourly limit to a task. A task that goes on writing gets ever larger parts, so that
-- its tasks seldom meet at the agent's row; what others hold unused is taken back before anything is refused.
-- Arguments: the task, its agent, the hour, the limit, rows needed, rows the task has used in this hour.
-- Returns rows granted, at least those needed.
CREATE OR REPLACE FUNCTION pgmoat.lease_hour(task bigint, agent text, hour timestamptz, max_rows bigint,
    rows_needed bigint, rows_used bigint)
RETURNS bigint LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $function$
#variable_conflict use_column
DECLARE
    already bigint;
    part bigint;
    other record;
BEGIN
    BEGIN
        INSERT INTO pgmoat.hour (agent, hour, granted) VALUES (lease_hour.agent, lease_hour.hour, 0) ON CONFLICT DO NOTHING;
        SELECT h.granted INTO already FROM pgmoat.hour AS h
         WHERE h.agent = lease_hour.agent AND h.hour = lease_hour.hour FOR UPDATE;
    EXCEPTION WHEN lock_not_available THEN
        -- A transaction that had its constraints checked early (SET CONSTRAINTS) holds the hour until it ends.
        PERFORM pgmoat.count_refusal('PM014');
        RAISE EXCEPTION 'pgmoat: another transaction of agent % has been holding its hourly budget for too long', lease_hour.agent
            USING ERRCODE = 'PM014', DETAIL = 'Nothing of this transaction was written.',
                  HINT = 'Repeat the transaction. If it goes on, a person looks for an open transaction of this agent, or freezes it.';
    END;
    IF already + rows_needed > max_rows THEN
        -- SKIP LOCKED: a task that is committing right now keeps its lease, and nobody waits in a circle.
        FOR other IN SELECT k.id FROM pgmoat.task AS k JOIN pgmoat.ledger AS first ON first.task = k.id AND first.seq = 0
                      WHERE k.agent = lease_hour.agent AND k.id <> lease_hour.task AND k.deadline >= lease_hour.hour
                        AND EXISTS (SELECT FROM pgmoat.ledger AS l
                                     WHERE l.task = k.id AND l.hour = lease_hour.hour AND l.hour_granted > l.hour_used)
                      FOR UPDATE OF first SKIP LOCKED
        LOOP
            INSERT INTO pgmoat.ledger (task, seq, xid, transaction_rows, transaction_bytes, rows_used, bytes_used,
                                       hour, hour_used, hour_granted)
            SELECT l.task, l.seq + 1, pg_current_xact_id(), 0, 0, l.rows_used, l.bytes_used, l.hour, l.hour_used, l.hour_used
              FROM (SELECT * FROM pgmoat.ledger AS l WHERE l.task = other.id ORDER BY l.seq DESC LIMIT 1) AS l
             WHERE l.hour = lease_hour.hour AND l.hour_granted > l.hour_used;
            IF FOUND THEN
                already := already - (
                    SELECT l.hour_granted - l.hour_used FROM pgmoat.ledger AS l
                     WHERE l.task = other.id ORDER BY l.seq DESC OFFSET 1 LIMIT 1);
            END IF;
            EXIT WHEN already + rows_needed <= max_rows;
        END LOOP;
    END IF;
    IF already + rows_needed > max_rows THEN
        PERFORM pgmoat.count_refusal('PM012');
        RAISE EXCEPTION 'pgmoat: agent % may write % rows an hour; this transaction would pass that', lease_hour.agent, max_rows
            USING ERRCODE = 'PM012', DETAIL = 'Nothing of this transaction was written.',
                  HINT = format('Wait until %s, or have a person raise writes_per_hour.', lease_hour.hour + interval '1 hour');
    END IF;
    part := LEAST(max_rows - already, GREATEST(rows_needed, rows_used));
    UPDATE pgmoat.hour AS h SET granted = already + part
     WHERE h.agent = lease_hour.agent AND h.hour = lease_hour.hour;
    RETURN part;
END
$function$;
