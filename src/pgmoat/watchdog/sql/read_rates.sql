-- How much agents do now: rows written within the last minute, with the task that wrote most of them, and statements in the
-- present minute as they are recorded. Parameters: agents. Columns: agent, signal, found, task_id.
SELECT w.agent, 'rows written' AS signal, w.found, w.task_id
  FROM (SELECT k.agent, k.task_id, pg_catalog.sum(pg_catalog.sum(s.rows)) OVER (PARTITION BY k.agent)::pg_catalog.int8 AS found,
               pg_catalog.row_number() OVER (PARTITION BY k.agent ORDER BY pg_catalog.sum(s.rows) DESC, k.task_id) AS place
          FROM pgmoat.statement AS s
          JOIN pgmoat.task AS k ON k.id = s.task
         WHERE s.at > pg_catalog.now() - interval '1 minute'
           AND k.agent = ANY (%(agents)s::pg_catalog.text[])
         GROUP BY k.agent, k.task_id) AS w
 WHERE w.place = 1
UNION ALL
SELECT x.agent, 'statements', x.statements, NULL
  FROM pgmoat.activity AS x
 WHERE x.minute = pg_catalog.date_trunc('minute', pg_catalog.now())
   AND x.agent = ANY (%(agents)s::pg_catalog.text[])
   AND x.statements IS NOT NULL
 ORDER BY agent, signal;
