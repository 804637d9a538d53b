-- What PostgreSQL says that the current role may do to relations; USAGE on the schema is asked apart.
-- Parameters: oids. Columns: oid, action, column (empty: the whole relation).
SELECT c.oid::pg_catalog.int8 AS oid, p.action, '' AS column_name
FROM pg_catalog.pg_class AS c
CROSS JOIN (VALUES ('SELECT'), ('INSERT'), ('UPDATE'), ('DELETE'), ('TRUNCATE'), ('REFERENCES'), ('TRIGGER')) AS p(action)
WHERE c.oid = ANY (%(oids)s::pg_catalog.oid[])
    AND c.relkind <> 'S'
    AND pg_catalog.has_table_privilege(c.oid, p.action)
UNION ALL
SELECT c.oid::pg_catalog.int8, p.action, ''
FROM pg_catalog.pg_class AS c
CROSS JOIN (VALUES ('SELECT'), ('USAGE'), ('UPDATE')) AS p(action)
WHERE c.oid = ANY (%(oids)s::pg_catalog.oid[])
    AND c.relkind = 'S'
    AND pg_catalog.has_sequence_privilege(c.oid, p.action)
UNION ALL
SELECT c.oid::pg_catalog.int8, p.action, a.attname::pg_catalog.text
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
CROSS JOIN (VALUES ('SELECT'), ('INSERT'), ('UPDATE'), ('REFERENCES')) AS p(action)
WHERE c.oid = ANY (%(oids)s::pg_catalog.oid[])
    AND c.relkind <> 'S'
    AND pg_catalog.has_any_column_privilege(c.oid, p.action)
    AND pg_catalog.has_column_privilege(c.oid, a.attnum, p.action)
UNION ALL
SELECT c.oid::pg_catalog.int8, 'OWN', ''
FROM pg_catalog.pg_class AS c
WHERE c.oid = ANY (%(oids)s::pg_catalog.oid[])
    AND pg_catalog.pg_has_role(c.relowner, 'USAGE')
