-- What waits for a person's word: writes that were tried, rolled back and kept, and what became of them.

CREATE TABLE pgmoat.approval (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    agent text NOT NULL,
    key text NOT NULL CHECK (length(key) BETWEEN 1 AND 200),
    operation text NOT NULL,
    request_hash bytea NOT NULL,
    request jsonb NOT NULL,
    task bigint NOT NULL,
    step text,
    why text NOT NULL,
    asked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL,
    affected bigint NOT NULL,
    preview jsonb NOT NULL,
    is_cut boolean NOT NULL,
    counts jsonb NOT NULL DEFAULT '[]',
    fingerprint bytea NOT NULL,
    revision integer NOT NULL DEFAULT 1,
    decision text CHECK (decision IN ('approved', 'rejected')),
    decided_at timestamptz,
    decided_by name,
    decided_as text,
    decision_reason text,
    call bigint,
    done_at timestamptz,
    given_reason text,
    held_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
    CHECK ((decision IS NULL) = (decided_at IS NULL)),
    UNIQUE (agent, key)
);
CREATE INDEX approval_waiting_idx ON pgmoat.approval (agent) WHERE decision IS NULL;
CREATE INDEX approval_asked_idx ON pgmoat.approval (asked_at);
COMMENT ON TABLE pgmoat.approval IS
    'One row per write or call that needs a person''s word. It was run, looked at and rolled back; once approved it runs with the '
    'same key, the same request and the same effect, or not at all.';
COMMENT ON COLUMN pgmoat.approval.operation IS 'The operation; write() for SQL of the agent''s own.';
COMMENT ON COLUMN pgmoat.approval.why IS 'Which rule of the policy asks for a person''s word.';
COMMENT ON COLUMN pgmoat.approval.preview IS
    'What it would write, an array of entity, operation, before and after; is_cut where that is not all.';
COMMENT ON COLUMN pgmoat.approval.counts IS 'How many rows it would write in all: an array of entity, operation and rows.';
COMMENT ON COLUMN pgmoat.approval.fingerprint IS 'Of all rows that it would write: a decision is about these and no others.';
COMMENT ON COLUMN pgmoat.approval.revision IS 'How often it was looked at: more than once if rows had changed before it could run.';
COMMENT ON COLUMN pgmoat.approval.decided_as IS 'Who it was, as the dashboard or the command calls the person.';
COMMENT ON COLUMN pgmoat.approval.given_reason IS 'The reason that the agent gave for what it writes; with another one it is another write.';
COMMENT ON COLUMN pgmoat.approval.call IS 'The call that ran it: one of pgmoat.operation_call.';

CREATE TABLE pgmoat.holding (agent text PRIMARY KEY);
COMMENT ON TABLE pgmoat.holding IS
    'One row per agent that has had something held: whoever counts what waits locks it for the moment of the COMMIT.';

CREATE VIEW pgmoat.approvals AS
SELECT p.id, p.agent, k.task_id, p.step, p.operation, p.key, p.request, p.why, p.asked_at, p.expires_at, p.affected, p.preview,
       p.is_cut, p.fingerprint, p.revision,
       CASE WHEN p.done_at IS NOT NULL THEN 'done' WHEN p.decision = 'rejected' THEN 'rejected'
            WHEN p.expires_at <= clock_timestamp() THEN 'expired' ELSE COALESCE(p.decision, 'pending') END AS state,
       p.decision, p.decided_at, p.decided_by, p.decided_as, p.decision_reason, p.done_at, o.xid, p.given_reason, p.counts
  FROM pgmoat.approval AS p
  JOIN pgmoat.task AS k ON k.id = p.task
  LEFT JOIN pgmoat.operation_call AS o ON o.id = p.call;
COMMENT ON VIEW pgmoat.approvals IS 'What waits for a person''s word, and what became of it. state: pending, approved, rejected, done, expired.';

ALTER TABLE pgmoat.agent
    ADD COLUMN approval_statement_rows integer,
    ADD COLUMN approval_task_rows integer,
    ADD COLUMN approval_expires_ms bigint NOT NULL DEFAULT 86400000;
COMMENT ON COLUMN pgmoat.agent.approval_statement_rows IS
    'Rows that one statement of the agent''s own SQL may write without a person''s word; NULL: any.';
COMMENT ON COLUMN pgmoat.agent.approval_task_rows IS
    'Rows that a task may write by the agent''s own SQL without a person''s word; NULL: any.';

ALTER TABLE pgmoat.operation_call ADD COLUMN approval bigint;
COMMENT ON COLUMN pgmoat.operation_call.approval IS 'The held write that a person has approved, where this is its run.';

ALTER TABLE pgmoat.ledger
    ADD COLUMN transaction_own_rows bigint NOT NULL DEFAULT 0,
    ADD COLUMN own_rows bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN pgmoat.ledger.own_rows IS
    'Rows written by the agent''s own SQL without a person''s word; counted where the policy has a limit of these.';

ALTER TABLE pgmoat.entity ADD COLUMN drawn_columns text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN pgmoat.entity.drawn_columns IS
    'Columns in which the database itself puts another value at each INSERT, and nobody may put one: numbers, drawn keys, who and when '
    'in a log.';

ALTER TABLE pgmoat.change ADD COLUMN reason text;
COMMENT ON COLUMN pgmoat.change.reason IS 'Of a deletion: the reason as the row has it now; a statement could give each row another one.';

ALTER TABLE pgmoat.incident DROP CONSTRAINT incident_action_check;
ALTER TABLE pgmoat.incident ADD CONSTRAINT incident_action_check
    CHECK (action IN ('cancelled', 'terminated', 'frozen', 'thawed', 'repaired', 'rolled back', 'failed',
                      'held', 'approved', 'rejected'));
