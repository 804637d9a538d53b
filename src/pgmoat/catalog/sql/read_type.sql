-- A type by the name that people write. Parameters: type. Columns: as in TypeName; no row without such a type.
SELECT pg_catalog.format_type(t.oid, NULL) AS name, n.nspname::pg_catalog.text AS schema, t.typtype::pg_catalog.text AS kind
FROM pg_catalog.pg_type AS t
JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
WHERE t.oid = pg_catalog.to_regtype(%(type)s)
