-- What the watchdog needs: its limits, its lease, its heartbeat, and where it writes what it did.

ALTER TABLE pgmoat.agent
    ADD COLUMN transaction_timeout_ms integer NOT NULL DEFAULT 30000,
    ADD COLUMN idle_timeout_ms integer NOT NULL DEFAULT 10000,
    ADD COLUMN repeats_per_minute integer NOT NULL DEFAULT 0,
    ADD COLUMN requires_watchdog boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN pgmoat.agent.idle_timeout_ms IS 'How long a session may be idle in a transaction.';
COMMENT ON COLUMN pgmoat.agent.repeats_per_minute IS
    'How often the watchdog may see a task run the same statement; 0: as often as it likes.';
COMMENT ON COLUMN pgmoat.agent.requires_watchdog IS 'The gate refuses when no watchdog has beaten its heart.';

-- Not held FOR UPDATE like apply's: a transaction that is open for weeks would hold up VACUUM.
ALTER TABLE pgmoat.lease ADD COLUMN holder text, ADD COLUMN leased_until timestamptz;
COMMENT ON COLUMN pgmoat.lease.leased_until IS 'Until then the holder has the lease, for those that are not held FOR UPDATE.';
INSERT INTO pgmoat.lease (name) VALUES ('watch');

CREATE TABLE pgmoat.heartbeat (
    name text PRIMARY KEY,
    at timestamptz NOT NULL,
    good_until timestamptz NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE pgmoat.heartbeat IS 'When the watchdog last went round, and until when that counts.';
INSERT INTO pgmoat.heartbeat (name, at, good_until) VALUES ('watch', '-infinity', '-infinity');

CREATE TABLE pgmoat.incident (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    agent text NOT NULL,
    task_id text,
    step text,
    kind text NOT NULL,
    action text NOT NULL CHECK (action IN ('cancelled', 'terminated', 'frozen', 'repaired', 'rolled back', 'failed')),
    subject text NOT NULL,
    detail jsonb NOT NULL DEFAULT '{}',
    recorded_by name NOT NULL DEFAULT session_user
);
CREATE INDEX incident_at_idx ON pgmoat.incident (at);
COMMENT ON TABLE pgmoat.incident IS 'What the watchdog did, a row per act; task_id and step are the agent''s claims.';
COMMENT ON COLUMN pgmoat.incident.subject IS
    'What it was done to, the same for a cancel and the termination that follows: so that the next leader goes on.';

CREATE OR REPLACE VIEW pgmoat.session_task AS
SELECT k.id, k.agent, k.task_id, k.scope, k.deadline, k.closed_at, k.frozen_at, k.frozen_reason,
       a.identity, a.frozen_at AS agent_frozen_at, a.frozen_reason AS agent_frozen_reason,
       a.statement_timeout_ms, a.rows_per_statement, LEAST(a.writes_per_task, k.max_writes) AS writes_per_task,
       a.bytes_per_task, k.ancestors, k.parent, a.requires_watchdog
  FROM pgmoat.task AS k
  JOIN pgmoat.agent AS a ON a.name = k.agent AND a.role = session_user
 WHERE k.token_hash = sha256(convert_to(current_setting('pgmoat.token', true), 'UTF8'));

CREATE OR REPLACE VIEW pgmoat.named_task AS
SELECT k.id, a.name AS agent, n.task_id, n.step, k.origin, k.deadline, k.closed_at, k.frozen_at, k.frozen_reason,
       a.frozen_at AS agent_frozen_at, a.frozen_reason AS agent_frozen_reason, a.statement_timeout_ms,
       a.rows_per_statement, LEAST(a.writes_per_task, k.max_writes) AS writes_per_task, a.bytes_per_task,
       COALESCE(k.ancestors, '{}') AS ancestors, k.parent, a.requires_watchdog
  FROM (SELECT COALESCE(m[1], m[3]) AS task_id, NULLIF(m[2], '') AS step
          FROM regexp_match(current_setting('application_name'), '^pgmoat:(?:(.+):([^:]*)|([^:]+))$') AS m
         WHERE COALESCE(current_setting('pgmoat.token', true), '') = '') AS n
  JOIN pgmoat.agent AS a ON a.role = session_user AND a.task_mode = 'claimed'
  LEFT JOIN pgmoat.task AS k ON k.agent = a.name AND k.task_id = n.task_id
 WHERE n.task_id IS NOT NULL;
