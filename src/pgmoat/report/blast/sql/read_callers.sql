-- SECURITY DEFINER functions that a table calls by itself: in defaults, checks and row security policies.
-- Columns: relation, function.
SELECT DISTINCT o.relation::pg_catalog.int8 AS relation, f.oid::pg_catalog.int8 AS function
FROM pg_catalog.pg_depend AS d
JOIN pg_catalog.pg_proc AS f ON f.oid = d.refobjid AND f.prosecdef
CROSS JOIN LATERAL (
    SELECT a.adrelid
    FROM pg_catalog.pg_attrdef AS a
    WHERE d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND a.oid = d.objid
    UNION ALL
    SELECT k.conrelid
    FROM pg_catalog.pg_constraint AS k
    WHERE d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND k.oid = d.objid AND k.conrelid <> 0
    UNION ALL
    SELECT p.polrelid
    FROM pg_catalog.pg_policy AS p
    WHERE d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass AND p.oid = d.objid
) AS o(relation)
WHERE d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass
ORDER BY relation, function
