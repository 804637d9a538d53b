-- An event log. No foreign key to people's table: it would put triggers on it and block their deletes.
-- An event follows the one before it of the same row, and no two follow the same one.
CREATE TABLE {table} (
    event_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    {key_columns},
    previous_status text,
    new_status text,
    reason text CHECK (length(reason) <= 2000),
    idempotency_key text CHECK (length(idempotency_key) BETWEEN 1 AND 200),
    changed_by text NOT NULL,
    task_id text NOT NULL,
    step text,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    undoes bigint UNIQUE,
    agent text NOT NULL,
    follows bigint,
    UNIQUE NULLS NOT DISTINCT ({key_names}, follows),
    UNIQUE (agent, idempotency_key)
);
