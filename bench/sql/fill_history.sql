-- Records changes as agents' writes do, 100 to a transaction and a statement, without writing people's rows.
-- Parameters: task (the id in pgmoat.task), transactions.
DO $do$
DECLARE
    image jsonb;
BEGIN
    SET session_replication_role = replica; -- so that nothing is charged
    SELECT to_jsonb(o) INTO image
      FROM (SELECT b.id, b.usr_id AS customer_id, 'shipped' AS fulfillment_status, b.flg_1 AS requires_signature,
                   b.amt AS amount, b.upd_ts AS last_modified_at, b.v AS version
              FROM public.orders AS b WHERE b.id = 1) AS o;
    FOR number IN 1 .. {transactions} LOOP
        WITH written AS (
            INSERT INTO pgmoat.change (at, entity, operation, before, after)
            SELECT clock_timestamp(), 'orders', 'U', image, image FROM generate_series(1, 100)
            RETURNING id
        )
        INSERT INTO pgmoat.statement (xid, at, task, entity, operation, rows, statement_rows, transaction_rows,
                                      transaction_bytes, first_change, last_change, query)
        SELECT pg_current_xact_id(), clock_timestamp(), {task}, 'orders', 'update', 100, 100, 100, 40000,
               min(w.id), max(w.id), 'UPDATE orders SET version = version + 1 WHERE id BETWEEN 1 AND 100'
          FROM written AS w;
        INSERT INTO pgmoat.ledger (task, seq, xid, transaction_rows, transaction_bytes, rows_used, bytes_used,
                                   hour, hour_used, hour_granted)
        VALUES ({task}, number, pg_current_xact_id(), 100, 40000, number * 100, number * 40000,
                '-infinity', number * 100, number * 100);
        COMMIT;
    END LOOP;
END
$do$;
