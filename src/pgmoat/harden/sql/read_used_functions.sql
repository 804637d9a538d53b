-- Functions that run with an agent's own rights when it uses an entity: in the views, in their defaults, in the checks of
-- their columns' domains. Parameters: entity_schema. Needs search_path = pg_catalog. Columns: object.
WITH view AS (
    SELECT c.oid
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = %(entity_schema)s AND c.relkind = 'v'
),
place AS (
    SELECT 'pg_catalog.pg_rewrite'::pg_catalog.regclass AS classid, w.oid AS objid
    FROM pg_catalog.pg_rewrite AS w
    JOIN view AS v ON v.oid = w.ev_class
    UNION ALL
    SELECT 'pg_catalog.pg_attrdef'::pg_catalog.regclass, a.oid
    FROM pg_catalog.pg_attrdef AS a
    JOIN view AS v ON v.oid = a.adrelid
    UNION ALL
    SELECT 'pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid
    FROM pg_catalog.pg_constraint AS k
    JOIN pg_catalog.pg_attribute AS a ON a.atttypid = k.contypid
    JOIN view AS v ON v.oid = a.attrelid
)
SELECT f.oid::pg_catalog.regprocedure::pg_catalog.text AS object
FROM place AS p
JOIN pg_catalog.pg_depend AS d ON d.classid = p.classid AND d.objid = p.objid
LEFT JOIN pg_catalog.pg_operator AS o
    ON d.refclassid = 'pg_catalog.pg_operator'::pg_catalog.regclass AND o.oid = d.refobjid
JOIN pg_catalog.pg_proc AS f
    ON f.oid = CASE d.refclassid
        WHEN 'pg_catalog.pg_proc'::pg_catalog.regclass THEN d.refobjid
        WHEN 'pg_catalog.pg_operator'::pg_catalog.regclass THEN o.oprcode
    END
GROUP BY f.oid
ORDER BY object
