-- Those of the named tasks that may not go on, and since when: their own state and that of all above them.
-- Parameters: agents, task_ids (of equal length). Columns: agent, task_id, why, since.
SELECT k.agent, k.task_id, s.why, s.since
  FROM ROWS FROM (pg_catalog.unnest(%(agents)s::pg_catalog.text[]), pg_catalog.unnest(%(task_ids)s::pg_catalog.text[]))
       AS n (agent, task_id)
  JOIN pgmoat.task AS k ON k.agent = n.agent AND k.task_id = n.task_id
 CROSS JOIN LATERAL (
        SELECT v.why, v.since
          FROM pgmoat.task AS x
          JOIN pgmoat.agent AS a ON a.name = x.agent
         CROSS JOIN LATERAL (VALUES ('closed', x.closed_at), ('frozen', x.frozen_at), ('frozen', a.frozen_at),
                                    ('deadline', x.deadline)) AS v (why, since)
         WHERE x.id = ANY (k.ancestors || k.id) AND v.since <= pg_catalog.clock_timestamp()
         ORDER BY v.since
         LIMIT 1) AS s
 ORDER BY k.agent, k.task_id;
