-- Tables of entities that the connecting role does not own, nor is a member of their owner.
-- Parameters: tables (schema.table). Columns: name, owner, owner_is_superuser.
SELECT
    pg_catalog.concat(n.nspname, '.', c.relname) AS name,
    r.rolname::pg_catalog.text AS owner,
    r.rolsuper AS owner_is_superuser
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_roles AS r ON r.oid = c.relowner
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE pg_catalog.concat(n.nspname, '.', c.relname) = ANY (%(tables)s::pg_catalog.text[])
    AND NOT pg_catalog.pg_has_role(c.relowner, 'USAGE')
ORDER BY name
