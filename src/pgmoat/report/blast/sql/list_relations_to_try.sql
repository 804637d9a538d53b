-- Every relation that a role could be refused or not, read apart from the snapshot so that a hole in one shows.
-- Parameters: none. Columns: the fields of RelationToTry.
WITH RECURSIVE remote AS (
    -- Foreign tables, and what reads them: planning a query over them may call another server.
    SELECT c.oid
    FROM pg_catalog.pg_class AS c
    WHERE c.relkind = 'f'
    UNION
    SELECT above.oid
    FROM remote AS r
    CROSS JOIN LATERAL (
        SELECT w.ev_class
        FROM pg_catalog.pg_depend AS d
        JOIN pg_catalog.pg_rewrite AS w ON w.oid = d.objid
        WHERE d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
            AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
            AND d.refobjid = r.oid
        UNION ALL
        SELECT i.inhparent
        FROM pg_catalog.pg_inherits AS i
        WHERE i.inhrelid = r.oid
    ) AS above(oid)
)
SELECT
    c.oid::pg_catalog.int8 AS oid,
    n.oid::pg_catalog.int8 AS schema_oid,
    n.nspname::pg_catalog.text AS schema,
    c.relname::pg_catalog.text AS name,
    c.relkind::pg_catalog.text AS kind,
    n.nspname IN ('pg_catalog', 'information_schema') AS is_system,
    EXISTS (SELECT FROM remote AS r WHERE r.oid = c.oid) AS is_remote,
    ARRAY(
        SELECT a.attname::pg_catalog.text
        FROM pg_catalog.pg_attribute AS a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        ORDER BY a.attnum
    ) AS columns
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    AND c.relpersistence <> 't'
    AND n.nspname <> 'pg_toast'
ORDER BY n.nspname, c.relname
