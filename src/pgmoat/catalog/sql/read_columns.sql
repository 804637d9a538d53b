-- Columns of people's tables.
-- Parameters: relations (oid[]). Needs search_path = pg_catalog, so that names in defaults come qualified.
-- Columns: relation (oid), then the fields of Column.
WITH RECURSIVE under_domain AS (
    SELECT t.oid AS type, t.typbasetype AS base, t.typtypmod AS modifier
    FROM pg_catalog.pg_type AS t
    WHERE t.typtype = 'd'
    UNION ALL
    SELECT u.type, t.typbasetype, CASE WHEN u.modifier >= 0 THEN u.modifier ELSE t.typtypmod END
    FROM under_domain AS u
    JOIN pg_catalog.pg_type AS t ON t.oid = u.base AND t.typtype = 'd'
),
base_domain AS (
    SELECT u.type, u.base, u.modifier
    FROM under_domain AS u
    JOIN pg_catalog.pg_type AS t ON t.oid = u.base AND t.typtype <> 'd'
)
SELECT
    a.attrelid::pg_catalog.int8 AS relation,
    a.attname::pg_catalog.text AS name,
    pg_catalog.format_type(a.atttypid, a.atttypmod) AS type_name,
    b.typcategory::pg_catalog.text AS type_category,
    b.typname::pg_catalog.text AS base_type_name,
    CASE
        WHEN b.typname IN ('varchar', 'bpchar') AND modifier.typmod >= 4 THEN modifier.typmod - 4
    END AS max_length,
    ARRAY(
        SELECT e.enumlabel::pg_catalog.text
        FROM pg_catalog.pg_enum AS e
        WHERE e.enumtypid = b.oid
        ORDER BY e.enumsortorder
    ) AS enum_labels,
    a.attnotnull OR COALESCE(own.typnotnull, false) AS not_null,
    origin.expression AS "default",
    -- An old dump's nextval('x'::text::regclass) leaves no dependency on the sequence.
    COALESCE(origin.expression !~ '\mnextval\(', false)
        AND NOT EXISTS (
            SELECT
            FROM pg_catalog.pg_depend AS d
            WHERE d.classid = origin.class
                AND d.objid = origin.object
                AND (
                    d.refclassid IN (
                        'pg_catalog.pg_proc'::pg_catalog.regclass,
                        'pg_catalog.pg_operator'::pg_catalog.regclass
                    )
                    OR (
                        d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                        AND d.refobjid <> a.attrelid
                    )
                )
        ) AS default_is_portable,
    a.attidentity::pg_catalog.text AS identity,
    a.attgenerated <> '' AS generated,
    COALESCE(
        (
            SELECT pg_catalog.format('%%I.%%I', n.nspname, s.relname)
            FROM pg_catalog.pg_depend AS d
            JOIN pg_catalog.pg_class AS s ON s.oid = d.refobjid AND s.relkind = 'S'
            JOIN pg_catalog.pg_namespace AS n ON n.oid = s.relnamespace
            WHERE d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass
                AND d.objid = ad.oid
                AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
            ORDER BY s.oid
            LIMIT 1
        ),
        (
            SELECT pg_catalog.format('%%I.%%I', n.nspname, s.relname)
            FROM pg_catalog.pg_depend AS d
            JOIN pg_catalog.pg_class AS s ON s.oid = d.objid AND s.relkind = 'S'
            JOIN pg_catalog.pg_namespace AS n ON n.oid = s.relnamespace
            WHERE a.attidentity <> ''
                AND d.deptype = 'i'
                AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                AND d.refobjid = a.attrelid
                AND d.refobjsubid = a.attnum
        )
    ) AS sequence,
    pg_catalog.col_description(a.attrelid, a.attnum) AS comment
FROM pg_catalog.pg_attribute AS a
JOIN pg_catalog.pg_type AS own ON own.oid = a.atttypid
LEFT JOIN base_domain AS bd ON bd.type = a.atttypid
JOIN pg_catalog.pg_type AS b ON b.oid = COALESCE(bd.base, a.atttypid)
CROSS JOIN LATERAL (
    SELECT CASE WHEN a.atttypmod >= 0 THEN a.atttypmod ELSE COALESCE(bd.modifier, -1) END AS typmod
) AS modifier
LEFT JOIN pg_catalog.pg_attrdef AS ad ON ad.adrelid = a.attrelid AND ad.adnum = a.attnum
-- Without a default of its own a column has its domain's.
CROSS JOIN LATERAL (
    SELECT
        CASE
            WHEN a.attgenerated <> '' THEN NULL
            WHEN ad.oid IS NOT NULL THEN pg_catalog.pg_get_expr(ad.adbin, ad.adrelid)
            WHEN own.typtype = 'd' THEN pg_catalog.pg_get_expr(own.typdefaultbin, 0)
        END AS expression,
        CASE
            WHEN ad.oid IS NOT NULL THEN 'pg_catalog.pg_attrdef'::pg_catalog.regclass
            ELSE 'pg_catalog.pg_type'::pg_catalog.regclass
        END AS class,
        COALESCE(ad.oid, own.oid) AS object
) AS origin
WHERE a.attrelid = ANY (%(relations)s::pg_catalog.oid[])
    AND a.attnum > 0
    AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum
