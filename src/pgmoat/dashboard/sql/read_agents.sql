-- The agents, whether they are frozen, and how much of theirs waits for a person's word. Retired ones that are in the record still
-- have their colour. Columns: as in pgmoat.dashboard.surroundings.AgentState.
SELECT a.name, a.frozen_at, a.frozen_by, a.frozen_reason, a.is_hard_frozen, a.retired_at IS NOT NULL AS is_retired,
       COALESCE(w.waiting, 0)::pg_catalog.int4 AS waiting
  FROM pgmoat.agent AS a
  LEFT JOIN (SELECT p.agent, pg_catalog.count(*) AS waiting
               FROM pgmoat.approvals AS p
              WHERE p.decision IS NULL AND p.expires_at > pg_catalog.clock_timestamp()
              GROUP BY p.agent) AS w ON w.agent = a.name
 ORDER BY a.name;
