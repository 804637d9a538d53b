-- The step that is taken back is found under the same key when the call is repeated.
#variable_conflict use_column
DECLARE
    me record;
    step record;
BEGIN
    SELECT s.agent INTO me FROM pgmoat.session_event() AS s;
    PERFORM pgmoat.gate({log});
    PERFORM FROM {entity_view} AS e WHERE {matches_entity};
    IF NOT FOUND THEN
        PERFORM pgmoat.refuse_unknown_row({log}, {entity});
    END IF;
    SELECT l.undoes AS event_id, l.new_status AS previous_status, l.previous_status AS new_status INTO step
      FROM {table} AS l
     WHERE l.agent = me.agent AND l.idempotency_key = {label}.idempotency_key AND l.undoes IS NOT NULL;
    IF NOT FOUND THEN
        SELECT l.event_id, l.previous_status, l.new_status INTO step FROM {table} AS l
         WHERE {matches_parameters} AND l.undoes IS NULL
           AND NOT EXISTS (SELECT FROM {table} AS u WHERE u.undoes = l.event_id)
         ORDER BY l.event_id DESC LIMIT 1;
        IF NOT FOUND THEN
            PERFORM pgmoat.refuse_undo({log});
        END IF;
    END IF;
    RETURN QUERY
    INSERT INTO {view} AS l ({key_names}, previous_status, new_status, reason, idempotency_key, undoes)
    VALUES ({parameter_values}, step.new_status, step.previous_status, {label}.reason,
            {label}.idempotency_key, step.event_id)
    RETURNING l.event_id, l.previous_status, l.new_status, l.undoes;
END
