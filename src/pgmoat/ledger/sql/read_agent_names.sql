-- All agents, also those that the policy no longer has. Parameters: none. Columns: name, is_retired.
SELECT a.name, a.retired_at IS NOT NULL AS is_retired
  FROM pgmoat.agent AS a
 ORDER BY a.name;
