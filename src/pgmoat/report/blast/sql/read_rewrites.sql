-- What the rules of people's relations name: relations with their columns, and functions.
-- Columns: the fields of RewriteFact.
SELECT DISTINCT
    w.ev_class::pg_catalog.int8 AS relation,
    w.rulename::pg_catalog.text AS rule,
    w.ev_type::pg_catalog.text AS event,
    w.is_instead,
    w.ev_enabled <> 'D' AS is_enabled,
    CASE d.refclassid WHEN 'pg_catalog.pg_class'::pg_catalog.regclass THEN 'relation' ELSE 'function' END AS names,
    d.refobjid::pg_catalog.int8 AS object,
    d.refobjsubid::pg_catalog.int4 AS number,
    CASE WHEN w.ev_type = '1' THEN '' ELSE pg_catalog.pg_get_ruledef(w.oid) END AS definition
FROM pg_catalog.pg_rewrite AS w
JOIN pg_catalog.pg_class AS c ON c.oid = w.ev_class
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_depend AS d
    ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
    AND d.objid = w.oid
    AND d.refclassid IN ('pg_catalog.pg_class'::pg_catalog.regclass, 'pg_catalog.pg_proc'::pg_catalog.regclass)
    AND d.deptype = 'n'
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
    AND c.relkind IN ('v', 'm', 'r', 'p')
ORDER BY relation, rule, object, number
