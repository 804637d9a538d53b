-- What a person should know beside held writes: whether their operation is still in the database, whether the same request of the
-- same agent was rejected before, and by which columns a row of each entity is known.
-- Parameters: ids. Columns: id; those of pgmoat.ledger.remarks.Remarks; keys: an object of entity and columns.
SELECT p.id,
       p.operation = 'write()' OR EXISTS (
           SELECT FROM pg_catalog.pg_proc AS f
            WHERE f.proname = p.operation AND pg_catalog.strpos(f.prosrc, 'pgmoat.begin_operation(') > 0) AS has_operation,
       r.id AS rejected_number, r.decided_as AS rejected_as, r.decided_by::pg_catalog.text AS rejected_by,
       r.decision_reason AS rejected_reason, COALESCE(k.keys, '{}') AS keys
  FROM pgmoat.approvals AS p
  LEFT JOIN LATERAL (
        SELECT x.id, x.decided_as, x.decided_by, x.decision_reason
          FROM pgmoat.approvals AS x
         WHERE x.agent = p.agent AND x.operation = p.operation AND x.decision = 'rejected' AND x.id <> p.id
           AND (p.decided_at IS NULL OR x.decided_at < p.decided_at) AND x.request = p.request
         ORDER BY x.decided_at DESC
         LIMIT 1) AS r ON true
 CROSS JOIN LATERAL (
        SELECT pg_catalog.jsonb_object_agg(e.name, e.key_columns) AS keys
          FROM (SELECT DISTINCT x.change ->> 'entity' AS name
                  FROM pg_catalog.jsonb_array_elements(CASE pg_catalog.jsonb_typeof(p.preview) WHEN 'array' THEN p.preview ELSE '[]' END)
                       AS x (change)) AS w
          JOIN pgmoat.entity AS e ON e.name = w.name) AS k
 WHERE p.id = ANY (%(ids)s::pg_catalog.int8[]);
