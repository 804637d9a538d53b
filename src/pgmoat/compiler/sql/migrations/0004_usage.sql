-- What the watchdog sees: who uses the database's time, and what did not finish. By days, of which prune drops the old ones.

CREATE TABLE pgmoat.sampling (
    minute timestamptz NOT NULL PRIMARY KEY,
    seconds double precision NOT NULL CHECK (seconds >= 0 AND seconds < 'Infinity'),
    samples integer NOT NULL,
    hidden integer NOT NULL
) PARTITION BY RANGE (minute);
COMMENT ON TABLE pgmoat.sampling IS
    'For how many seconds of each minute somebody looked, how often, and how many sessions could not be seen into at most.';

CREATE TABLE pgmoat.usage (
    minute timestamptz NOT NULL,
    agent text NOT NULL,
    wait_class text NOT NULL,
    seconds double precision NOT NULL CHECK (seconds >= 0 AND seconds < 'Infinity'),
    samples integer NOT NULL,
    PRIMARY KEY (minute, agent, wait_class)
) PARTITION BY RANGE (minute);
COMMENT ON TABLE pgmoat.usage IS
    'Seconds that sessions ran statements, by minute, agent ('''': everybody else) and what they waited for. '
    'CPU: for nothing. Idle in transaction is no database time: its connection was held while the client did something else.';

CREATE TABLE pgmoat.usage_detail (
    minute timestamptz NOT NULL,
    fingerprint bigint NOT NULL,
    seconds real NOT NULL CHECK (seconds >= 0 AND seconds < 'Infinity'),
    samples integer NOT NULL,
    agent text NOT NULL,
    task_id text,
    step text,
    wait_class text NOT NULL
) PARTITION BY RANGE (minute);
CREATE INDEX usage_detail_agent_idx ON pgmoat.usage_detail (agent, minute);
COMMENT ON TABLE pgmoat.usage_detail IS
    'The same of agents alone, by task and step as the sessions claimed them, and by statement. Only ever appended to: sum it up.';

CREATE TABLE pgmoat.activity (
    minute timestamptz NOT NULL,
    agent text NOT NULL,
    connections integer NOT NULL,
    statements bigint,
    rows bigint,
    execution_seconds double precision CHECK (execution_seconds >= 0 AND execution_seconds < 'Infinity'),
    planning_seconds double precision CHECK (planning_seconds >= 0 AND planning_seconds < 'Infinity'),
    rows_written bigint NOT NULL,
    PRIMARY KEY (minute, agent)
) PARTITION BY RANGE (minute);
COMMENT ON TABLE pgmoat.activity IS
    'What is counted by minute and agent, and not sampled: connections at most, rows written, and what pg_stat_statements '
    'added, NULL where it is not installed. It does not hold statements that were cancelled.';

CREATE TABLE pgmoat.statement_text (
    day date NOT NULL,
    fingerprint bigint NOT NULL,
    text text NOT NULL,
    PRIMARY KEY (day, fingerprint)
) PARTITION BY RANGE (day);
COMMENT ON TABLE pgmoat.statement_text IS 'Statements by fingerprint, without comments and with ? for each literal.';

CREATE TABLE pgmoat.unfinished (
    at timestamptz NOT NULL,
    agent text NOT NULL,
    task_id text,
    step text,
    how text NOT NULL CHECK (how IN ('refused', 'timed out', 'cancelled', 'terminated', 'failed')),
    source text NOT NULL CHECK (source IN ('counted', 'done', 'seen', 'inferred')),
    code text,
    statements bigint NOT NULL,
    seconds double precision CHECK (seconds >= 0 AND seconds < 'Infinity'),
    fingerprint bigint
) PARTITION BY RANGE (at);
CREATE INDEX unfinished_at_idx ON pgmoat.unfinished (at);
COMMENT ON TABLE pgmoat.unfinished IS
    'Statements that did not finish, which pg_stat_statements leaves out: refused, timed out, cancelled, ended, failed.';
COMMENT ON COLUMN pgmoat.unfinished.source IS
    'counted: by the counters of refusals, exact, without task. done: by pgmoat itself. seen: the session was seen with it, and '
    'for how long it had run. inferred: it ended between two samples, at the moment of its timeout.';

CREATE TABLE pgmoat.reading (
    agent text PRIMARY KEY,
    at timestamptz NOT NULL,
    since timestamptz,
    calls bigint NOT NULL,
    rows bigint NOT NULL,
    execution_seconds double precision NOT NULL,
    planning_seconds double precision NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE pgmoat.reading IS 'What pg_stat_statements said last of each agent (''''): the next reading is compared with it.';

ALTER TABLE pgmoat.refusal_counter ADD COLUMN counted bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN pgmoat.refusal_counter.counted IS 'How much of it stands in pgmoat.unfinished.';

ALTER TABLE pgmoat.agent
    ADD COLUMN max_connections integer NOT NULL DEFAULT 0,
    ADD COLUMN surge_factor integer NOT NULL DEFAULT 0,
    ADD COLUMN surge_floor bigint NOT NULL DEFAULT 0,
    ADD COLUMN on_trip text NOT NULL DEFAULT '' CHECK (on_trip IN ('', 'task', 'agent', 'login'));
COMMENT ON COLUMN pgmoat.agent.max_connections IS 'CONNECTION LIMIT of its role, as apply left it; 0: the watchdog does not count.';
COMMENT ON COLUMN pgmoat.agent.surge_factor IS
    'How many times its own level of the last hour the agent may do in a minute, in rows written and in statements; 0: as much as it likes.';
COMMENT ON COLUMN pgmoat.agent.surge_floor IS 'So many rows or statements in a minute are never a surge.';
COMMENT ON COLUMN pgmoat.agent.on_trip IS 'What a breaker freezes: the task, the agent, or the agent and its login; empty: what suits the breaker.';

ALTER TABLE pgmoat.incident DROP CONSTRAINT incident_action_check;
ALTER TABLE pgmoat.incident ADD CONSTRAINT incident_action_check
    CHECK (action IN ('cancelled', 'terminated', 'frozen', 'thawed', 'repaired', 'rolled back', 'failed'));
COMMENT ON TABLE pgmoat.incident IS
    'What the watchdog did, and people by pgmoat''s commands and its dashboard, a row per act; task_id and step are the agent''s claims.';

CREATE TABLE pgmoat.webhook (
    name text PRIMARY KEY,
    since timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_incident bigint NOT NULL DEFAULT 0,
    delivered bigint NOT NULL DEFAULT 0,
    dropped bigint NOT NULL DEFAULT 0,
    attempts integer NOT NULL DEFAULT 0,
    failing_since timestamptz,
    last_error text
);
COMMENT ON TABLE pgmoat.webhook IS 'How far each webhook has been told of incidents. Its address is not stored: it may be a secret.';

-- For what was written lately.
CREATE INDEX statement_at_idx ON pgmoat.statement (at);

-- The statement's moment, which is the change's too: so that the newest are found by its index.
CREATE OR REPLACE VIEW pgmoat.history AS
SELECT s.at, k.agent, k.task_id, s.step, c.entity,
       CASE c.operation WHEN 'I' THEN 'insert' WHEN 'U' THEN 'update' WHEN 'D' THEN 'delete' END AS operation,
       (SELECT jsonb_object_agg(j.name, COALESCE(c.before, c.after) -> j.name)
          FROM pgmoat.entity AS e CROSS JOIN LATERAL unnest(e.key_columns) AS j (name)
         WHERE e.name = c.entity) AS key,
       c.before, c.after, s.reason, s.query, c.xid, s.id AS statement_id, c.id AS change_id,
       (SELECT o.operation FROM pgmoat.operation_call AS o
         WHERE o.xid = c.xid AND c.id BETWEEN o.first_change AND o.last_change AND o.operation <> 'write()') AS called
  FROM pgmoat.change AS c
  JOIN pgmoat.statement AS s ON s.xid = c.xid AND c.id BETWEEN s.first_change AND s.last_change
  JOIN pgmoat.task AS k ON k.id = s.task;
