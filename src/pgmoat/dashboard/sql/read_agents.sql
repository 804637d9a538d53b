-- The agents and whether they are frozen. Retired ones that are in the record still have their colour.
-- Columns: as in pgmoat.dashboard.surroundings.AgentState.
SELECT a.name, a.frozen_at, a.frozen_by, a.frozen_reason, a.is_hard_frozen, a.retired_at IS NOT NULL AS is_retired
  FROM pgmoat.agent AS a
 ORDER BY a.name;
