-- Held writes that wait for a person's word, those first that have waited longest.
-- Parameters: agent (NULL: any), after (a number, NULL: from the first), limit. Columns: as in pgmoat.ledger.approvals.Approval.
SELECT p.id, p.agent, p.task_id, p.step, p.operation, p.key, p.given_reason, p.why, p.asked_at, p.expires_at, p.affected, p.revision, p.state,
       p.decided_at, p.decided_by::pg_catalog.text AS decided_by, p.decided_as, p.decision_reason, p.done_at
  FROM pgmoat.approvals AS p
 WHERE p.decision IS NULL AND p.expires_at > pg_catalog.clock_timestamp() -- as state says it, and with an index
   AND (%(agent)s::pg_catalog.text IS NULL OR p.agent = %(agent)s)
   AND (%(after)s::pg_catalog.int8 IS NULL OR p.id > %(after)s)
 ORDER BY p.id
 LIMIT %(limit)s;
