-- Charges what a task writes to the tasks above it as well, each with a ledger row of its own.
-- Locked from below: whoever charges locks its own task first, then its parent, the root last, so nobody waits in a circle.
-- Arguments: the tasks above, the transaction, the rows and the bytes to charge, and how many of the rows
-- have no person's word.
CREATE OR REPLACE FUNCTION pgmoat.charge_ancestors(ancestors bigint[], this_xid xid8, rows_due bigint, bytes_due bigint,
    own_due bigint)
RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $function$
DECLARE
    written bigint;
    asks text;
BEGIN
    BEGIN
        FOR level IN REVERSE cardinality(ancestors)..1 LOOP
            PERFORM FROM pgmoat.ledger AS l WHERE l.task = ancestors[level] AND l.seq = 0 FOR UPDATE;
        END LOOP;
    EXCEPTION WHEN lock_not_available THEN
        PERFORM pgmoat.refuse_busy('the budget of a task above this one');
    END;
    PERFORM pgmoat.check_ancestors(ancestors), pgmoat.check_ancestor_budgets(ancestors, rows_due, bytes_due);
    IF own_due > 0 THEN
        asks := pgmoat.ask_tasks(ancestors, own_due);
        IF asks IS NOT NULL THEN
            PERFORM pgmoat.refuse_approval('PM050', asks, NULL);
        END IF;
    END IF;
    -- The hour stays what it was: what a child writes is its own agent's.
    INSERT INTO pgmoat.ledger (task, seq, xid, transaction_rows, transaction_bytes, rows_used, bytes_used,
                               hour, hour_used, hour_granted, own_rows)
    SELECT l.task, l.seq + 1, this_xid, 0, 0, l.rows_used + rows_due, l.bytes_used + bytes_due, l.hour, l.hour_used, l.hour_granted,
           l.own_rows + own_due
      FROM unnest(ancestors) AS u (id)
     CROSS JOIN LATERAL (SELECT * FROM pgmoat.ledger AS x WHERE x.task = u.id ORDER BY x.seq DESC LIMIT 1) AS l
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS written = ROW_COUNT;
    IF written < cardinality(ancestors) THEN
        PERFORM pgmoat.refuse_charge();
    END IF;
END
$function$;
