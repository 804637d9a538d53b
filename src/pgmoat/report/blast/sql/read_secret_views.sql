-- Views of people's that name a catalog which only superusers read; pg_depend has no row for PostgreSQL's own.
-- Columns: the fields of SecretFact.
SELECT c.oid::pg_catalog.int8 AS relation, f.catalogs
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (
    SELECT ARRAY(
        SELECT DISTINCT m[1]
        FROM pg_catalog.regexp_matches(
            pg_catalog.pg_get_viewdef(c.oid),
            '\m(pg_authid|pg_shadow|pg_user_mapping|pg_subscription|pg_statistic|pg_statistic_ext_data|pg_largeobject)\M',
            'g'
        ) AS m
        ORDER BY 1
    ) AS catalogs
) AS f
WHERE c.relkind IN ('v', 'm')
    AND n.nspname NOT IN ('pg_catalog', 'information_schema')
    AND f.catalogs <> '{}'
ORDER BY relation
