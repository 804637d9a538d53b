-- Held writes with all that is kept of them. Each value comes as its text, whatever it holds: numbers keep all their digits,
-- and nobody has to parse what is nested a thousand deep.
-- Parameters: ids. Columns: as in pgmoat.ledger.approvals.HeldWrite. arguments: pairs of name and value; of an agent's own SQL its
-- parameters as $1, $2… rows: entity, operation, before, after.
SELECT p.id, p.agent, p.task_id, p.step, p.operation, p.key, p.given_reason, p.why, p.asked_at, p.expires_at, p.affected, p.revision, p.state,
       p.decided_at, p.decided_by::pg_catalog.text AS decided_by, p.decided_as, p.decision_reason, p.done_at,
       p.fingerprint, p.is_cut, p.counts, CASE WHEN o.is_own THEN p.request ->> 'sql' END AS statement,
       COALESCE(a.arguments, '[]') AS arguments, COALESCE(r.rows, '[]') AS rows
  FROM pgmoat.approvals AS p
 CROSS JOIN LATERAL (
        SELECT p.operation = 'write()' AND p.request ? 'sql' AS is_own,
               CASE pg_catalog.jsonb_typeof(p.request) WHEN 'object' THEN p.request ELSE '{}' END AS request,
               CASE pg_catalog.jsonb_typeof(p.request -> 'parameters') WHEN 'array' THEN p.request -> 'parameters' END AS parameters,
               CASE pg_catalog.jsonb_typeof(p.preview) WHEN 'array' THEN p.preview ELSE '[]' END AS preview) AS o
 CROSS JOIN LATERAL (
        SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_array(x.name, x.value) ORDER BY x.place, x.name) AS arguments
          FROM (SELECT e.key AS name, e.value, 0 AS place
                  FROM pg_catalog.jsonb_each_text(o.request) AS e
                 WHERE NOT (o.is_own AND (e.key = 'sql' OR e.key = 'parameters' AND o.parameters IS NOT NULL))
                 UNION ALL
                SELECT '$' || e.place, e.value, e.place
                  FROM pg_catalog.jsonb_array_elements_text(o.parameters) WITH ORDINALITY AS e (value, place)
                 WHERE o.is_own) AS x) AS a
 CROSS JOIN LATERAL (
        SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                   'entity', e.item ->> 'entity', 'operation', e.item ->> 'operation',
                   'before', CASE pg_catalog.jsonb_typeof(e.item -> 'before') WHEN 'object' THEN (
                       SELECT pg_catalog.jsonb_object_agg(c.key, c.value) FROM pg_catalog.jsonb_each_text(e.item -> 'before') AS c) END,
                   'after', CASE pg_catalog.jsonb_typeof(e.item -> 'after') WHEN 'object' THEN (
                       SELECT pg_catalog.jsonb_object_agg(c.key, c.value) FROM pg_catalog.jsonb_each_text(e.item -> 'after') AS c) END)
                   ORDER BY e.place) AS rows
          FROM pg_catalog.jsonb_array_elements(o.preview) WITH ORDINALITY AS e (item, place)) AS r
 WHERE p.id = ANY (%(ids)s::pg_catalog.int8[])
 ORDER BY p.id;
