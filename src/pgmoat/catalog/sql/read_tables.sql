-- Every relation of people's that holds or shows rows.
-- Parameters: entity_schema, the schema of pgmoat's entity views.
-- Columns: relation (oid), then the flat fields of Table.
SELECT
    c.oid::pg_catalog.int8 AS relation,
    n.nspname::pg_catalog.text AS schema,
    c.relname::pg_catalog.text AS name,
    c.relkind::pg_catalog.text AS kind,
    pg_catalog.pg_get_userbyid(c.relowner)::pg_catalog.text AS owner,
    c.relrowsecurity AS row_security,
    CASE
        -- A partitioned table has no rows of its own, and autovacuum never counts them.
        WHEN c.relkind = 'p' THEN (
            SELECT COALESCE(pg_catalog.sum(leaf.reltuples) FILTER (WHERE leaf.reltuples > 0), 0)
            FROM pg_catalog.pg_partition_tree(c.oid) AS tree
            JOIN pg_catalog.pg_class AS leaf ON leaf.oid = tree.relid AND leaf.relkind = 'r'
        )
        -- -1: never vacuumed nor analyzed.
        ELSE GREATEST(c.reltuples, 0)
    END::pg_catalog.int8 AS estimated_rows,
    -- relhassubclass stays true after the last child is gone.
    c.relkind = 'r' AND c.relhassubclass AND EXISTS (
        SELECT FROM pg_catalog.pg_inherits AS i WHERE i.inhparent = c.oid
    ) AS has_inheritors,
    ARRAY(
        SELECT w.rulename::pg_catalog.text
        FROM pg_catalog.pg_rewrite AS w
        -- A view is a rule too.
        WHERE w.ev_class = c.oid AND w.ev_type <> '1' AND w.ev_enabled <> 'D'
        ORDER BY w.rulename
    ) AS rules,
    pg_catalog.obj_description(c.oid, 'pg_class') AS comment
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND n.nspname NOT IN ('information_schema', %(entity_schema)s)
    AND NOT pg_catalog.starts_with(n.nspname::pg_catalog.text, 'pg_')
    AND NOT pg_catalog.starts_with(n.nspname::pg_catalog.text, 'pgmoat')
ORDER BY n.nspname, c.relname
