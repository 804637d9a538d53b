-- Held writes that do not wait any more, newest first: approved, rejected, done, expired.
-- Parameters: agent (NULL: any), state (NULL: any of these), before (a number, NULL: from the newest), limit.
-- Columns: as in pgmoat.ledger.approvals.Approval.
SELECT p.id, p.agent, p.task_id, p.step, p.operation, p.key, p.given_reason, p.why, p.asked_at, p.expires_at, p.affected, p.revision, p.state,
       p.decided_at, p.decided_by::pg_catalog.text AS decided_by, p.decided_as, p.decision_reason, p.done_at
  FROM pgmoat.approvals AS p
 WHERE p.state <> 'pending'
   AND (%(agent)s::pg_catalog.text IS NULL OR p.agent = %(agent)s)
   AND (%(state)s::pg_catalog.text IS NULL OR p.state = %(state)s)
   AND (%(before)s::pg_catalog.int8 IS NULL OR p.id < %(before)s)
 ORDER BY p.id DESC
 LIMIT %(limit)s;
