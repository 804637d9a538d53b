-- Every relation of people's that holds or shows rows, and whether its rows may be read.
-- Parameters: entity_schema, schemas (text[] or NULL: all), tables (schema.table, text[] or NULL: all).
-- Columns: the fields of Relation. Takes no lock on any of them, so that a locked table does not stop a survey.
SELECT
    c.oid::pg_catalog.int8 AS relation,
    n.nspname::pg_catalog.text AS schema,
    c.relname::pg_catalog.text AS name,
    c.relkind::pg_catalog.text AS kind,
    c.relispartition AS is_partition,
    (
        SELECT e.extname::pg_catalog.text
        FROM pg_catalog.pg_depend AS d
        JOIN pg_catalog.pg_extension AS e ON e.oid = d.refobjid
        WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
            AND d.objid = c.oid
            AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
            AND d.deptype = 'e'
        LIMIT 1
    ) AS extension,
    pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS is_schema_usable,
    pg_catalog.has_table_privilege(c.oid, 'SELECT') AS is_readable,
    CASE
        WHEN pg_catalog.has_table_privilege(c.oid, 'SELECT') THEN ARRAY[]::pg_catalog.text[]
        ELSE ARRAY(
            SELECT a.attname::pg_catalog.text
            FROM pg_catalog.pg_attribute AS a
            WHERE a.attrelid = c.oid
                AND a.attnum > 0
                AND NOT a.attisdropped
                AND pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')
            ORDER BY a.attnum
        )
    END AS readable_columns,
    pg_catalog.row_security_active(c.oid) AS is_row_secured,
    -- Rows by the statistics collector: known before the first ANALYZE, when reltuples is not.
    CASE
        WHEN c.relkind = 'p' THEN (
            SELECT COALESCE(pg_catalog.sum(pg_catalog.pg_stat_get_live_tuples(leaf.relid)), 0)
            FROM pg_catalog.pg_partition_tree(c.oid) AS leaf
            WHERE leaf.isleaf
        )
        ELSE pg_catalog.pg_stat_get_live_tuples(c.oid)
    END::pg_catalog.int8 AS live_rows
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND n.nspname NOT IN ('information_schema', %(entity_schema)s)
    AND NOT pg_catalog.starts_with(n.nspname::pg_catalog.text, 'pg_')
    AND NOT pg_catalog.starts_with(n.nspname::pg_catalog.text, 'pgmoat')
    AND (%(schemas)s::pg_catalog.text[] IS NULL OR n.nspname = ANY (%(schemas)s::pg_catalog.text[]))
    AND (
        %(tables)s::pg_catalog.text[] IS NULL
        OR pg_catalog.concat(n.nspname, '.', c.relname) = ANY (%(tables)s::pg_catalog.text[])
    )
ORDER BY n.nspname, c.relname
