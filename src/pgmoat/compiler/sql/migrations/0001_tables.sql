-- The tables of schema pgmoat: agents, tasks, budgets and the record of what agents wrote.
-- Run as the owner role, once, in an empty schema; later versions only add numbered files.

CREATE TABLE pgmoat.migration (
    number integer PRIMARY KEY,
    name text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE pgmoat.migration IS 'Which numbered migrations this schema has had.';

CREATE TABLE pgmoat.lease (
    name text PRIMARY KEY
);
COMMENT ON TABLE pgmoat.lease IS
    'Rows that one process at a time may hold FOR UPDATE. Not an advisory lock: any role could take that.';
INSERT INTO pgmoat.lease (name) VALUES ('apply');

CREATE TABLE pgmoat.object (
    kind text NOT NULL,
    name text NOT NULL,
    wanted_hash text,
    actual_hash text,
    detail jsonb NOT NULL DEFAULT '{}',
    applied_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (kind, name)
);
COMMENT ON TABLE pgmoat.object IS
    'What pgmoat made: the hash of what was wanted, and of what PostgreSQL reported right after. A difference is drift.';

CREATE TABLE pgmoat.secret (
    is_only_row boolean PRIMARY KEY DEFAULT true CHECK (is_only_row),
    token_key bytea NOT NULL
);
COMMENT ON TABLE pgmoat.secret IS 'The key from which task tokens are derived. Readable by its owner alone.';
-- Two version 4 UUIDs hold 244 bits from the server's strong random source.
INSERT INTO pgmoat.secret (token_key)
VALUES (sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')));

CREATE TABLE pgmoat.agent (
    name text PRIMARY KEY,
    role name NOT NULL UNIQUE,
    version text NOT NULL,
    identity text NOT NULL GENERATED ALWAYS AS ('agent:' || name || '-' || version) STORED,
    statement_timeout_ms integer NOT NULL,
    rows_per_statement integer NOT NULL,
    writes_per_task bigint NOT NULL,
    writes_per_hour bigint NOT NULL,
    bytes_per_task bigint NOT NULL,
    task_duration_ms bigint NOT NULL,
    task_mode text NOT NULL CHECK (task_mode IN ('issued', 'claimed')),
    tasks_per_hour bigint NOT NULL,
    password_verifier text,
    frozen_at timestamptz,
    frozen_by text,
    frozen_reason text,
    is_hard_frozen boolean NOT NULL DEFAULT false,
    retired_at timestamptz
);
COMMENT ON TABLE pgmoat.agent IS 'One row per agent type: its role, its limits, and whether it is frozen.';
COMMENT ON COLUMN pgmoat.agent.retired_at IS 'Set when the policy no longer names the agent; its history stays.';

CREATE TABLE pgmoat.entity (
    name text PRIMARY KEY,
    base_table text NOT NULL,
    key_columns text[] NOT NULL,
    doc text NOT NULL DEFAULT ''
);
COMMENT ON TABLE pgmoat.entity IS 'One row per entity: the base table and the entity columns that identify a row.';

CREATE TABLE pgmoat.task (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    agent text NOT NULL,
    task_id text NOT NULL CHECK (length(task_id) BETWEEN 1 AND 200),
    token_hash bytea UNIQUE,
    scope jsonb NOT NULL DEFAULT '{}',
    max_writes bigint CHECK (max_writes > 0),
    opened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    opened_by name NOT NULL DEFAULT session_user,
    deadline timestamptz NOT NULL,
    closed_at timestamptz,
    closed_by name,
    frozen_at timestamptz,
    frozen_by name,
    frozen_reason text,
    origin text NOT NULL DEFAULT 'issued' CHECK (origin IN ('issued', 'claimed', 'child')),
    parent bigint,
    ancestors bigint[] NOT NULL DEFAULT '{}',
    CHECK (parent IS NOT DISTINCT FROM ancestors[cardinality(ancestors)]),
    UNIQUE (agent, task_id)
);
CREATE INDEX task_parent_idx ON pgmoat.task (parent) WHERE parent IS NOT NULL;
CREATE INDEX task_own_idx ON pgmoat.task (agent, opened_at) WHERE origin <> 'issued';
COMMENT ON TABLE pgmoat.task IS 'One row per task of an agent. The token itself is not stored, only its hash.';
COMMENT ON COLUMN pgmoat.task.origin IS
    'Who opened it: issued by the orchestrator, claimed by the agent by name, child of a task that the agent was in.';
COMMENT ON COLUMN pgmoat.task.ancestors IS
    'The tasks above it, the root first. Their state and budgets hold for it too, and are read where they stand.';

CREATE TABLE pgmoat.ledger (
    task bigint NOT NULL,
    seq bigint NOT NULL,
    xid xid8 NOT NULL,
    transaction_rows bigint NOT NULL,
    transaction_bytes bigint NOT NULL,
    rows_used bigint NOT NULL,
    bytes_used bigint NOT NULL,
    hour timestamptz NOT NULL,
    hour_used bigint NOT NULL,
    hour_granted bigint NOT NULL,
    PRIMARY KEY (task, seq)
);
COMMENT ON TABLE pgmoat.ledger IS
    'What each task has used, a row per charge and never updated: a counter row would bloat under an old snapshot. '
    'Whoever charges a task locks its row with seq 0.';
COMMENT ON COLUMN pgmoat.ledger.transaction_rows IS 'Rows charged so far for transaction xid.';
COMMENT ON COLUMN pgmoat.ledger.hour_granted IS 'Part of the agent''s hourly limit leased to this task.';

CREATE TABLE pgmoat.hour (
    agent text NOT NULL,
    hour timestamptz NOT NULL,
    granted bigint NOT NULL,
    PRIMARY KEY (agent, hour)
) WITH (fillfactor = 50);
COMMENT ON TABLE pgmoat.hour IS 'How much of each agent''s writes_per_hour has been leased to its tasks.';

CREATE TABLE pgmoat.opening (
    agent text NOT NULL,
    hour timestamptz NOT NULL,
    tasks bigint NOT NULL,
    PRIMARY KEY (agent, hour)
) WITH (fillfactor = 50);
COMMENT ON TABLE pgmoat.opening IS
    'How many tasks each agent has opened by itself. Not a column of pgmoat.hour: a COMMIT locks that one last.';

CREATE TABLE pgmoat.statement (
    xid xid8 NOT NULL,
    id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    at timestamptz NOT NULL,
    task bigint NOT NULL,
    step text,
    entity text NOT NULL,
    operation text NOT NULL,
    rows integer NOT NULL,
    statement_rows integer NOT NULL,
    transaction_rows bigint NOT NULL,
    transaction_bytes bigint NOT NULL,
    first_change bigint NOT NULL,
    last_change bigint NOT NULL,
    reason text,
    query text,
    PRIMARY KEY (xid, id)
);
CREATE INDEX statement_task_idx ON pgmoat.statement (task);
COMMENT ON TABLE pgmoat.statement IS
    'One row per write command of an agent that wrote something. (xid, at) is one statement of the client, whatever it contains.';
COMMENT ON COLUMN pgmoat.statement.first_change IS 'The record covers changes first_change to last_change of xid.';

CREATE TABLE pgmoat.change (
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    at timestamptz NOT NULL DEFAULT statement_timestamp(),
    entity text NOT NULL,
    operation "char" NOT NULL,
    before jsonb,
    after jsonb,
    task_id text,
    PRIMARY KEY (xid, id)
);
COMMENT ON COLUMN pgmoat.change.task_id IS
    'The task that the row was written for, where that decides more than a budget: scoped rows and events. It must be '
    'the task of the whole statement; NULL elsewhere, where only that one counts.';
COMMENT ON TABLE pgmoat.change IS
    'One row per row that an agent wrote: the entity''s listed columns before and after. I, U or D.';

CREATE TABLE pgmoat.refusal_counter (
    id integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    agent text NOT NULL,
    code text NOT NULL,
    counter regclass,
    since timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (agent, code)
);
COMMENT ON TABLE pgmoat.refusal_counter IS
    'A sequence for each agent and SQLSTATE, because nextval survives the rollback that a refusal brings. '
    'Agent '''' is everybody else: people, orchestrators.';

CREATE TABLE pgmoat.operation_call (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    agent text NOT NULL,
    key text CHECK (length(key) BETWEEN 1 AND 200),
    operation text NOT NULL,
    request_hash bytea NOT NULL,
    request jsonb,
    task bigint NOT NULL,
    step text,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL,
    affected bigint,
    first_change bigint,
    last_change bigint,
    result jsonb,
    UNIQUE (agent, key)
);
CREATE INDEX operation_call_xid_idx ON pgmoat.operation_call (xid);
CREATE INDEX operation_call_idle_idx ON pgmoat.operation_call (task) WHERE affected = 0;
COMMENT ON TABLE pgmoat.operation_call IS
    'One row per call of an operation that was done: its idempotency key, the hash of its request, and its result.';
COMMENT ON COLUMN pgmoat.operation_call.request IS 'The parameters that were given; NULL when they are longer than 8 kB.';
COMMENT ON COLUMN pgmoat.operation_call.first_change IS 'It wrote changes first_change to last_change of xid.';

CREATE VIEW pgmoat.session_task AS
SELECT k.id, k.agent, k.task_id, k.scope, k.deadline, k.closed_at, k.frozen_at, k.frozen_reason,
       a.identity, a.frozen_at AS agent_frozen_at, a.frozen_reason AS agent_frozen_reason,
       a.statement_timeout_ms, a.rows_per_statement, LEAST(a.writes_per_task, k.max_writes) AS writes_per_task,
       a.bytes_per_task, k.ancestors, k.parent
  FROM pgmoat.task AS k
  JOIN pgmoat.agent AS a ON a.name = k.agent AND a.role = session_user
 WHERE k.token_hash = sha256(convert_to(current_setting('pgmoat.token', true), 'UTF8'));
COMMENT ON VIEW pgmoat.session_task IS 'The task whose token this session shows, if it belongs to the session''s own role.';

CREATE VIEW pgmoat.named_task AS
SELECT k.id, a.name AS agent, n.task_id, n.step, k.origin, k.deadline, k.closed_at, k.frozen_at, k.frozen_reason,
       a.frozen_at AS agent_frozen_at, a.frozen_reason AS agent_frozen_reason, a.statement_timeout_ms,
       a.rows_per_statement, LEAST(a.writes_per_task, k.max_writes) AS writes_per_task, a.bytes_per_task,
       COALESCE(k.ancestors, '{}') AS ancestors, k.parent
  FROM (SELECT COALESCE(m[1], m[3]) AS task_id, NULLIF(m[2], '') AS step
          FROM regexp_match(current_setting('application_name'), '^pgmoat:(?:(.+):([^:]*)|([^:]+))$') AS m
         WHERE COALESCE(current_setting('pgmoat.token', true), '') = '') AS n
  JOIN pgmoat.agent AS a ON a.role = session_user AND a.task_mode = 'claimed'
  LEFT JOIN pgmoat.task AS k ON k.agent = a.name AND k.task_id = n.task_id
 WHERE n.task_id IS NOT NULL;
COMMENT ON VIEW pgmoat.named_task IS
    'The task that application_name gives as pgmoat:<task>:<step>, where the session shows no token and its agent claims '
    'its tasks. id is NULL as long as nothing was written for it.';

CREATE VIEW pgmoat.history AS
SELECT c.at, k.agent, k.task_id, s.step, c.entity,
       CASE c.operation WHEN 'I' THEN 'insert' WHEN 'U' THEN 'update' WHEN 'D' THEN 'delete' END AS operation,
       (SELECT jsonb_object_agg(j.name, COALESCE(c.before, c.after) -> j.name)
          FROM pgmoat.entity AS e CROSS JOIN LATERAL unnest(e.key_columns) AS j (name)
         WHERE e.name = c.entity) AS key,
       c.before, c.after, s.reason, s.query, c.xid, s.id AS statement_id, c.id AS change_id,
       (SELECT o.operation FROM pgmoat.operation_call AS o
         WHERE o.xid = c.xid AND c.id BETWEEN o.first_change AND o.last_change) AS called
  FROM pgmoat.change AS c
  JOIN pgmoat.statement AS s ON s.xid = c.xid AND c.id BETWEEN s.first_change AND s.last_change
  JOIN pgmoat.task AS k ON k.id = s.task;
COMMENT ON VIEW pgmoat.history IS 'What agents wrote, a row per row: who, in which task and step, before, after, and why.';
