-- Functions of other roles that a SELECT from the given tables would run with the rights of whoever reads.
-- PostgreSQL evaluates what is constant in an expression of an index, of extended statistics, of a partition key or of
-- a CHECK while it plans: f(1) in an index of somebody's table runs as the superuser that reads the table, and neither
-- READ ONLY nor SET ROLE holds it. Trusted are functions of superusers and of the session's own role.
-- Parameters: tables (text[], schema.table). Columns: name (schema.table), function, owner.
WITH RECURSIVE tree AS (
    SELECT pg_catalog.concat(n.nspname, '.', c.relname) AS name, c.oid AS relation
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE pg_catalog.concat(n.nspname, '.', c.relname) = ANY (%(tables)s::pg_catalog.text[])
    UNION
    SELECT t.name, i.inhrelid
    FROM tree AS t
    JOIN pg_catalog.pg_inherits AS i ON i.inhparent = t.relation
),
place AS (
    -- A partition key hangs on the table itself.
    SELECT t.name, 'pg_catalog.pg_class'::pg_catalog.regclass AS classid, t.relation AS objid
    FROM tree AS t
    UNION ALL
    SELECT t.name, 'pg_catalog.pg_class'::pg_catalog.regclass, i.indexrelid
    FROM tree AS t
    JOIN pg_catalog.pg_index AS i ON i.indrelid = t.relation
    UNION ALL
    SELECT t.name, 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass, e.oid
    FROM tree AS t
    JOIN pg_catalog.pg_statistic_ext AS e ON e.stxrelid = t.relation
    UNION ALL
    SELECT t.name, 'pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid
    FROM tree AS t
    JOIN pg_catalog.pg_constraint AS k ON k.conrelid = t.relation AND k.contype = 'c'
    UNION ALL
    SELECT t.name, 'pg_catalog.pg_policy'::pg_catalog.regclass, p.oid
    FROM tree AS t
    JOIN pg_catalog.pg_policy AS p ON p.polrelid = t.relation
    WHERE pg_catalog.row_security_active(t.relation)
)
SELECT DISTINCT ON (p.name)
    p.name,
    f.oid::pg_catalog.regprocedure::pg_catalog.text AS function,
    w.rolname::pg_catalog.text AS owner
FROM place AS p
JOIN pg_catalog.pg_depend AS d ON d.classid = p.classid AND d.objid = p.objid
LEFT JOIN pg_catalog.pg_operator AS o
    ON d.refclassid = 'pg_catalog.pg_operator'::pg_catalog.regclass AND o.oid = d.refobjid
JOIN pg_catalog.pg_proc AS f
    ON f.oid = CASE d.refclassid
        WHEN 'pg_catalog.pg_proc'::pg_catalog.regclass THEN d.refobjid
        WHEN 'pg_catalog.pg_operator'::pg_catalog.regclass THEN o.oprcode
    END
JOIN pg_catalog.pg_roles AS w ON w.oid = f.proowner
WHERE NOT w.rolsuper AND w.rolname <> SESSION_USER
ORDER BY p.name, f.oid
