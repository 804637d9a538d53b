-- Transactions that agents' roles prepared and left. Columns: as in Prepared; gid and database as bytes.
SELECT pg_catalog.textsend(x.gid) AS gid, x.prepared AS prepared_at,
       pg_catalog.textsend(x.database::pg_catalog.text) AS database, x.owner::pg_catalog.text AS role,
       a.name AS agent
  FROM pg_catalog.pg_prepared_xacts AS x
  JOIN pgmoat.agent AS a ON a.role = x.owner
 ORDER BY x.prepared, x.gid;
