-- Columns of entities on which the session's role has some right. Parameters: the entities' schema, their names, and of the
-- table below each its schema and name, empty where its size is not to be told. Columns out: entity, estimated rows (NULL:
-- not known), column, type, comment.
SELECT w.entity,
       (SELECT b.reltuples::bigint FROM pg_catalog.pg_class AS b
          JOIN pg_catalog.pg_namespace AS s ON s.oid = b.relnamespace
         WHERE s.nspname = w.base_schema AND b.relname = w.base_name AND b.reltuples >= 0) AS estimate,
       a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod),
       COALESCE(pg_catalog.col_description(v.oid, a.attnum), '')
  FROM unnest($2::text[], $3::text[], $4::text[]) AS w (entity, base_schema, base_name)
  JOIN pg_catalog.pg_class AS v ON v.relname = w.entity AND v.relkind = 'v'
  JOIN pg_catalog.pg_namespace AS n ON n.oid = v.relnamespace AND n.nspname = $1
  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = v.oid AND a.attnum > 0 AND NOT a.attisdropped
 WHERE pg_catalog.has_column_privilege(v.oid, a.attnum, 'SELECT')
    OR pg_catalog.has_column_privilege(v.oid, a.attnum, 'INSERT')
    OR pg_catalog.has_column_privilege(v.oid, a.attnum, 'UPDATE')
 ORDER BY w.entity, a.attnum
