-- For which minutes pg_stat_statements was read: those with a figure of everybody else. An agent's may be missing in the minute
-- in which the agent was made.
-- Parameters: since, until. Columns: counted_from, counted_to (NULL: for none), lead, missing, tail: of the minutes in which somebody looked, how many
-- come before (lead), between and are not counted (missing), and after (tail).
WITH counted AS MATERIALIZED (
    SELECT a.minute
      FROM pgmoat.activity AS a
     WHERE a.minute >= %(since)s AND a.minute < %(until)s
     GROUP BY a.minute
    HAVING pg_catalog.bool_or(a.agent = '' AND a.execution_seconds IS NOT NULL)
)
SELECT n.counted_from, n.counted_to,
       pg_catalog.count(s.minute) FILTER (WHERE s.minute < n.counted_from) AS lead,
       pg_catalog.count(s.minute) FILTER (WHERE s.minute BETWEEN n.counted_from AND n.counted_to AND c.minute IS NULL) AS missing,
       pg_catalog.count(s.minute) FILTER (WHERE s.minute > n.counted_to) AS tail
  FROM (SELECT pg_catalog.min(x.minute) AS counted_from, pg_catalog.max(x.minute) AS counted_to FROM counted AS x) AS n
  LEFT JOIN pgmoat.sampling AS s ON s.minute >= %(since)s AND s.minute < %(until)s
  LEFT JOIN counted AS c ON c.minute = s.minute
 GROUP BY n.counted_from, n.counted_to;
