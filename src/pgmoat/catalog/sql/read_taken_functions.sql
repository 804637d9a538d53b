-- Which names are functions of PostgreSQL's own: unqualified, a call might reach those. Parameters: names. Columns: name.
SELECT DISTINCT f.proname::pg_catalog.text AS name
FROM pg_catalog.pg_proc AS f
WHERE f.pronamespace = 'pg_catalog'::pg_catalog.regnamespace AND f.proname = ANY (%(names)s::pg_catalog.name[])
ORDER BY name
