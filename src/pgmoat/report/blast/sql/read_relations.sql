-- Every relation that can hold or show rows, and sequences. Columns: the fields of RelationFact.
-- writes: what PostgreSQL itself passes on to the view's base relation: 4 UPDATE, 8 INSERT, 16 DELETE.
SELECT
    c.oid::pg_catalog.int8 AS oid,
    n.oid::pg_catalog.int8 AS schema,
    c.relname::pg_catalog.text AS name,
    c.relkind::pg_catalog.text AS kind,
    c.relowner::pg_catalog.int8 AS owner,
    c.relrowsecurity AS has_row_security,
    c.relforcerowsecurity AS forces_row_security,
    CASE
        WHEN c.relkind = 'p' THEN (
            SELECT COALESCE(
                pg_catalog.sum(
                    CASE
                        WHEN leaf.reltuples > 0 THEN leaf.reltuples::pg_catalog.int8
                        ELSE pg_catalog.pg_stat_get_live_tuples(leaf.oid)
                    END
                ),
                0
            )::pg_catalog.int8
            FROM pg_catalog.pg_partition_tree(c.oid) AS t
            JOIN pg_catalog.pg_class AS leaf ON leaf.oid = t.relid
            WHERE t.isleaf
        )
        WHEN c.relkind IN ('r', 'm', 'f') AND c.reltuples > 0 THEN c.reltuples::pg_catalog.int8
        -- What the statistics collector has counted since: a small table is not analyzed for a long time.
        WHEN c.relkind IN ('r', 'm') AND pg_catalog.pg_stat_get_live_tuples(c.oid) > 0
            THEN pg_catalog.pg_stat_get_live_tuples(c.oid)
        WHEN c.relkind IN ('r', 'm', 'f') AND c.reltuples = 0 THEN 0
    END AS rows,
    c.relispartition AS is_partition,
    COALESCE('security_invoker=true' = ANY (c.reloptions) OR 'security_invoker=on' = ANY (c.reloptions), false)
        OR COALESCE('security_invoker=1' = ANY (c.reloptions), false)
        OR COALESCE('security_invoker=yes' = ANY (c.reloptions), false) AS is_invoker,
    CASE
        WHEN c.relkind = 'v' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
            THEN pg_catalog.pg_relation_is_updatable(c.oid, false) & 28
        ELSE 0
    END AS writes,
    (
        SELECT x.extname::pg_catalog.text
        FROM pg_catalog.pg_depend AS d
        JOIN pg_catalog.pg_extension AS x ON x.oid = d.refobjid
        WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
            AND d.objid = c.oid
            AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
            AND d.deptype = 'e'
        LIMIT 1
    ) AS extension
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    AND n.nspname <> 'pg_toast'
    AND c.relpersistence <> 't'
ORDER BY n.nspname, c.relname
