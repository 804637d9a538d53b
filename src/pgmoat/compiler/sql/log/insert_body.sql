-- INSTEAD OF INSERT on an event log: checks the step, writes it, lets the entity's state follow, and records it.
DECLARE
    me record;
    first record;
    present text;
    newest record;
    stored record;
    change_id bigint;
    is_second_try boolean := false;
BEGIN
    SELECT s.agent, s.identity, s.task_id, s.step INTO me FROM pgmoat.session_event() AS s;
    {key_check}
    SELECT e.{state}::text INTO present FROM {entity_view} AS e WHERE {matches_entity};
    IF NOT FOUND THEN
        PERFORM pgmoat.refuse_unknown_row({log}, {entity});
    END IF;
    LOOP
        -- The same key again: the first row, if it asks for the same.
        SELECT {stored_columns} INTO first
          FROM {table} AS l WHERE l.agent = me.agent AND l.idempotency_key = NEW.idempotency_key;
        IF FOUND THEN
            IF NOT ({is_same_row} AND first.new_status IS NOT DISTINCT FROM NEW.new_status
                    AND first.reason IS NOT DISTINCT FROM NEW.reason
                    AND (NEW.previous_status IS NULL OR first.previous_status IS NOT DISTINCT FROM NEW.previous_status)
                    AND first.undoes IS NOT DISTINCT FROM NEW.undoes) THEN
                PERFORM pgmoat.refuse_event_key({log}, NEW.idempotency_key, first.changed_at);
            END IF;
            {take_first}
            RETURN NEW;
        END IF;
        SELECT l.event_id, l.new_status INTO newest
          FROM {table} AS l WHERE {matches_log} ORDER BY l.event_id DESC LIMIT 1;
        {present_without_follow}
        IF is_second_try THEN
            PERFORM pgmoat.refuse_stale({log}, COALESCE(NEW.previous_status, present), newest.new_status);
        ELSIF NEW.previous_status IS NOT NULL AND NEW.previous_status IS DISTINCT FROM present THEN
            PERFORM pgmoat.refuse_stale({log}, NEW.previous_status, present);
        ELSIF NEW.undoes IS NULL AND COALESCE(NOT NEW.new_status = ANY ({allowed}), true) THEN
            PERFORM pgmoat.refuse_transition({log}, present, NEW.new_status, {allowed});
        END IF;
        INSERT INTO {table} AS l ({key_names}, previous_status, new_status, reason, idempotency_key,
                                  changed_by, task_id, step, undoes, agent, follows)
        VALUES ({new_key}, present, NEW.new_status, NEW.reason, NEW.idempotency_key,
                me.identity, me.task_id, me.step, NEW.undoes, me.agent, newest.event_id)
        ON CONFLICT DO NOTHING
        RETURNING {stored_columns} INTO stored;
        EXIT WHEN FOUND;
        -- Another step came first: the same one, which the key finds, or a different one.
        is_second_try := true;
    END LOOP;{follow}
    {take_stored}
    INSERT INTO pgmoat.change (entity, operation, after, task_id)
    VALUES ({log}, 'I', pg_catalog.to_jsonb(NEW), me.task_id) RETURNING id INTO change_id;
    {stop_early}
    RETURN NEW;
END
