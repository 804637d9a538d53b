-- Rows that each agent has written in the present clock hour. It looks at each task that is or was open in it.
-- Parameters: none. Columns: agent, rows_used.
SELECT h.agent, h.rows_used
  FROM pgmoat.hour_budgets AS h
 ORDER BY h.agent;
