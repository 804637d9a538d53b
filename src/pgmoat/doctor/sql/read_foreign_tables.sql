-- Tables of entities that the connecting role does not own, nor is a member of their owner.
-- Parameters: tables (schema.table). Columns: name, owner.
SELECT
    pg_catalog.concat(n.nspname, '.', c.relname) AS name,
    pg_catalog.pg_get_userbyid(c.relowner)::pg_catalog.text AS owner
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE pg_catalog.concat(n.nspname, '.', c.relname) = ANY (%(tables)s::pg_catalog.text[])
    AND NOT pg_catalog.pg_has_role(c.relowner, 'USAGE')
ORDER BY name
