-- Every object in pgmoat's schemas, and views outside them, with a hash of what PostgreSQL reports.
-- Needs search_path = pg_catalog, so that every name is printed qualified. It is also part of printed scripts.
-- Parameters: schemas, views (text[], schema.name). Columns: kind, name, schema, owner, sql (as DROP takes it), hash.
WITH relation AS (
    SELECT
        c.oid,
        c.relkind,
        c.relnamespace,
        n.nspname,
        c.relname,
        pg_catalog.pg_get_userbyid(c.relowner) AS owner,
        -- Who owns the system tables is compared apart from this: destroy leaves them to whoever runs it.
        CASE WHEN n.nspname = 'pgmoat' THEN '' ELSE pg_catalog.pg_get_userbyid(c.relowner)::pg_catalog.text END AS hashed_owner,
        pg_catalog.jsonb_build_array(
            c.relkind, c.relpersistence, c.reloptions, c.relrowsecurity, c.relforcerowsecurity,
            pg_catalog.obj_description(c.oid, 'pg_class')
        ) AS flags
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm')
      -- The days of pgmoat's record come and go.
      AND NOT (c.relispartition AND n.nspname = 'pgmoat')
      AND (
          n.nspname = ANY (%(schemas)s::pg_catalog.text[])
          OR n.nspname::pg_catalog.text || '.' || c.relname::pg_catalog.text = ANY (%(views)s::pg_catalog.text[])
      )
),
described AS (
    SELECT
        CASE WHEN r.relkind IN ('v', 'm') THEN 'view' ELSE 'table' END AS kind,
        r.nspname::pg_catalog.text || '.' || r.relname::pg_catalog.text AS name,
        r.nspname::pg_catalog.text AS schema,
        r.owner::pg_catalog.text AS owner,
        '"' || pg_catalog.replace(r.nspname::pg_catalog.text, '"', '""') || '"."'
            || pg_catalog.replace(r.relname::pg_catalog.text, '"', '""') || '"' AS sql,
        pg_catalog.jsonb_build_array(
            r.flags,
            r.hashed_owner,
            CASE WHEN r.relkind IN ('v', 'm') THEN pg_catalog.pg_get_viewdef(r.oid) END,
            (
                SELECT pg_catalog.jsonb_agg(
                    pg_catalog.jsonb_build_array(
                        a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attcollation::pg_catalog.regcollation::pg_catalog.text,
                        a.attidentity, a.attgenerated, pg_catalog.pg_get_expr(d.adbin, d.adrelid),
                        pg_catalog.col_description(r.oid, a.attnum)
                    ) ORDER BY a.attnum
                )
                FROM pg_catalog.pg_attribute AS a
                LEFT JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
                WHERE a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
            ),
            -- NOT NULL became a constraint in PostgreSQL 18, and is a flag of the column before; triggers come below.
            (
                SELECT pg_catalog.jsonb_agg(
                    pg_catalog.jsonb_build_array(k.conname, pg_catalog.pg_get_constraintdef(k.oid)) ORDER BY k.conname
                )
                FROM pg_catalog.pg_constraint AS k
                WHERE k.conrelid = r.oid AND k.contype NOT IN ('n', 't')
            ),
            (
                SELECT pg_catalog.jsonb_agg(pg_catalog.pg_get_indexdef(i.indexrelid) ORDER BY pg_catalog.pg_get_indexdef(i.indexrelid))
                FROM pg_catalog.pg_index AS i
                WHERE i.indrelid = r.oid
            ),
            (
                SELECT pg_catalog.jsonb_agg(
                    pg_catalog.jsonb_build_array(pg_catalog.pg_get_triggerdef(t.oid), t.tgenabled) ORDER BY t.tgname
                )
                FROM pg_catalog.pg_trigger AS t
                WHERE t.tgrelid = r.oid AND NOT t.tgisinternal AND NOT (r.nspname = 'pgmoat' AND r.relkind IN ('r', 'p'))
            ),
            (
                SELECT pg_catalog.jsonb_agg(
                    pg_catalog.jsonb_build_array(pg_catalog.pg_get_ruledef(w.oid), w.ev_enabled) ORDER BY w.rulename
                )
                FROM pg_catalog.pg_rewrite AS w
                WHERE w.ev_class = r.oid AND w.rulename <> '_RETURN'
            ),
            (
                SELECT pg_catalog.jsonb_agg(
                    pg_catalog.jsonb_build_array(
                        p.polname, p.polcmd, p.polpermissive, p.polroles::pg_catalog.regrole[]::pg_catalog.text,
                        pg_catalog.pg_get_expr(p.polqual, p.polrelid), pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)
                    ) ORDER BY p.polname
                )
                FROM pg_catalog.pg_policy AS p
                WHERE p.polrelid = r.oid
            )
        ) AS report
    FROM relation AS r
    UNION ALL
    SELECT
        'trigger',
        r.nspname::pg_catalog.text || '.' || r.relname::pg_catalog.text || '.' || t.tgname::pg_catalog.text,
        r.nspname::pg_catalog.text,
        '',
        '"' || pg_catalog.replace(t.tgname::pg_catalog.text, '"', '""') || '" ON "'
            || pg_catalog.replace(r.nspname::pg_catalog.text, '"', '""') || '"."'
            || pg_catalog.replace(r.relname::pg_catalog.text, '"', '""') || '"',
        pg_catalog.jsonb_build_array(pg_catalog.pg_get_triggerdef(t.oid), t.tgenabled)
    FROM relation AS r
    JOIN pg_catalog.pg_trigger AS t ON t.tgrelid = r.oid AND NOT t.tgisinternal
    WHERE r.nspname = 'pgmoat' AND r.relkind IN ('r', 'p')
    UNION ALL
    SELECT
        'function',
        f.oid::pg_catalog.regprocedure::pg_catalog.text,
        n.nspname::pg_catalog.text,
        pg_catalog.pg_get_userbyid(f.proowner)::pg_catalog.text,
        f.oid::pg_catalog.regprocedure::pg_catalog.text,
        pg_catalog.jsonb_build_array(
            CASE WHEN f.prokind = 'a' THEN 'aggregate' ELSE pg_catalog.pg_get_functiondef(f.oid) END,
            pg_catalog.pg_get_userbyid(f.proowner),
            pg_catalog.obj_description(f.oid, 'pg_proc')
        )
    FROM pg_catalog.pg_proc AS f
    JOIN pg_catalog.pg_namespace AS n ON n.oid = f.pronamespace
    WHERE n.nspname = ANY (%(schemas)s::pg_catalog.text[])
    UNION ALL
    SELECT
        'schema',
        n.nspname::pg_catalog.text,
        n.nspname::pg_catalog.text,
        pg_catalog.pg_get_userbyid(n.nspowner)::pg_catalog.text,
        '"' || pg_catalog.replace(n.nspname::pg_catalog.text, '"', '""') || '"',
        pg_catalog.jsonb_build_array(
            pg_catalog.pg_get_userbyid(n.nspowner), pg_catalog.obj_description(n.oid, 'pg_namespace')
        )
    FROM pg_catalog.pg_namespace AS n
    WHERE n.nspname = ANY (%(schemas)s::pg_catalog.text[])
    UNION ALL
    -- A sequence that no column owns.
    SELECT
        'other',
        'sequence ' || n.nspname::pg_catalog.text || '.' || c.relname::pg_catalog.text,
        n.nspname::pg_catalog.text,
        pg_catalog.pg_get_userbyid(c.relowner)::pg_catalog.text,
        c.oid::pg_catalog.regclass::pg_catalog.text,
        '[]'
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = ANY (%(schemas)s::pg_catalog.text[])
      AND c.relkind = 'S'
      AND NOT EXISTS (
          SELECT
          FROM pg_catalog.pg_depend AS d
          WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
            AND d.objid = c.oid AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
      )
    UNION ALL
    -- A type that is neither a table's row nor an array.
    SELECT
        'other',
        'type ' || n.nspname::pg_catalog.text || '.' || y.typname::pg_catalog.text,
        n.nspname::pg_catalog.text,
        pg_catalog.pg_get_userbyid(y.typowner)::pg_catalog.text,
        y.oid::pg_catalog.regtype::pg_catalog.text,
        '[]'
    FROM pg_catalog.pg_type AS y
    JOIN pg_catalog.pg_namespace AS n ON n.oid = y.typnamespace
    LEFT JOIN pg_catalog.pg_class AS c ON c.oid = y.typrelid
    WHERE n.nspname = ANY (%(schemas)s::pg_catalog.text[])
      AND y.typtype IN ('c', 'd', 'e', 'r')
      AND (y.typrelid = 0 OR c.relkind = 'c')
)
SELECT
    d.kind, d.name, d.schema, d.owner, d.sql,
    pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(d.report::pg_catalog.text, 'UTF8')), 'hex') AS hash
FROM described AS d
