-- What was done in the last minutes, oldest first: a new leader goes on from there. What failed it
-- tries again: it may have more rights. Columns: subject, action, at.
SELECT i.subject, i.action, i.at
  FROM pgmoat.incident AS i
 WHERE i.at > pg_catalog.clock_timestamp() - interval '10 minutes'
   AND i.action <> 'failed'
 ORDER BY i.at, i.id;
