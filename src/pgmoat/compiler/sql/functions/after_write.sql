-- AFTER STATEMENT trigger of every entity: the wall for rows per statement, the early check of the task's budget,
-- and the statement's record. Counts the changes of (transaction, statement time) over all entities, so that a
-- WITH that writes twice, a DO block or a function that loops is one statement.
CREATE OR REPLACE FUNCTION pgmoat.after_write()
RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off -- a plan made while the tables were empty must not scan a grown history
AS $function$
DECLARE
    this_xid xid8 := pg_current_xact_id();
    this_at timestamptz := statement_timestamp();
    t record;
    previous record;
    charged record;
    new_rows bigint;
    new_bytes bigint;
    oldest bigint;
    newest bigint;
    statement_rows bigint;
    due_rows bigint;
    due_bytes bigint;
    has_others boolean;
    named_step text;
BEGIN
    SELECT s.id, s.task_id, s.rows_per_statement, s.writes_per_task, s.bytes_per_task, s.ancestors, s.parent
      INTO t FROM pgmoat.session_task AS s;
    IF t.id IS NULL THEN
        SELECT * INTO t FROM pgmoat.claim_named();
        named_step := COALESCE(t.step, '');
    END IF;

    SELECT s.task, s.at, s.statement_rows, s.transaction_rows, s.transaction_bytes, s.last_change
      INTO previous FROM pgmoat.statement AS s WHERE s.xid = this_xid ORDER BY s.id DESC LIMIT 1;
    IF NOT FOUND THEN
        previous.task := t.id;
        previous.transaction_rows := 0;
        previous.transaction_bytes := 0;
        previous.last_change := 0;
    END IF;

    SELECT count(*), min(c.id), max(c.id), sum(COALESCE(pg_column_size(c.before), 0) + COALESCE(pg_column_size(c.after), 0)
                                       + COALESCE(pg_column_size(c.reason), 0)),
           bool_or(c.task_id <> t.task_id)
      INTO new_rows, oldest, newest, new_bytes, has_others
      FROM pgmoat.change AS c WHERE c.xid = this_xid AND c.id > previous.last_change;
    IF previous.task <> t.id OR has_others THEN
        PERFORM pgmoat.count_refusal('PM009');
        RAISE EXCEPTION 'pgmoat: this transaction already wrote for another task'
            USING ERRCODE = 'PM009', HINT = 'One transaction, one task: commit before entering another.';
    END IF;
    statement_rows := new_rows + CASE WHEN previous.at = this_at THEN previous.statement_rows ELSE 0 END;
    IF statement_rows > t.rows_per_statement THEN
        PERFORM pgmoat.refuse_rows(t.rows_per_statement);
    END IF;
    IF new_rows = 0 THEN
        RETURN NULL; -- nothing was written, or another entity of the same statement has recorded it all
    END IF;

    SELECT l.xid, l.transaction_rows, l.transaction_bytes, l.rows_used, l.bytes_used INTO charged
      FROM pgmoat.ledger AS l WHERE l.task = t.id ORDER BY l.seq DESC LIMIT 1;
    due_rows := previous.transaction_rows + new_rows
                - CASE WHEN charged.xid = this_xid THEN charged.transaction_rows ELSE 0 END;
    due_bytes := previous.transaction_bytes + new_bytes
                 - CASE WHEN charged.xid = this_xid THEN charged.transaction_bytes ELSE 0 END;
    IF COALESCE(charged.rows_used, 0) + due_rows > t.writes_per_task
       OR COALESCE(charged.bytes_used, 0) + due_bytes > t.bytes_per_task THEN
        PERFORM pgmoat.refuse_budget(t.task_id, COALESCE(charged.rows_used, 0), due_rows, t.writes_per_task,
                                     COALESCE(charged.bytes_used, 0), due_bytes, t.bytes_per_task);
    END IF;
    IF t.parent IS NOT NULL THEN
        PERFORM pgmoat.check_ancestor_budgets(t.ancestors, due_rows, due_bytes);
    END IF;

    INSERT INTO pgmoat.statement (xid, at, task, step, entity, operation, rows, statement_rows, transaction_rows,
                                  transaction_bytes, first_change, last_change, reason, query)
    VALUES (this_xid, this_at, t.id, pgmoat.clean_step(COALESCE(named_step, current_setting('pgmoat.step', true))), TG_TABLE_NAME, lower(TG_OP),
            new_rows, statement_rows, previous.transaction_rows + new_rows,
            previous.transaction_bytes + new_bytes, oldest,
            newest, NULLIF(left(current_setting('pgmoat.reason', true), 2000), ''), left(current_query(), 4000));
    RETURN NULL;
END
$function$;
