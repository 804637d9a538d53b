-- about: a large object that every role may read
-- claim: read-large-object SELECT 4711
-- seed
SELECT pg_catalog.lo_from_bytea(4711, 'secret scan');
GRANT SELECT ON LARGE OBJECT 4711 TO PUBLIC;
-- exploit
SELECT pg_catalog.convert_from(pg_catalog.lo_get(4711), 'UTF8') LIKE 'secret%';
-- people
SELECT pg_catalog.lo_get(4711);
