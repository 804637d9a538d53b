-- What was done in the last minutes, oldest first: a new leader goes on from there. What failed it tries
-- again: it may have more rights. But what a role changed, and this one still may not repair (that takes
-- apply's lease), was said within the last day. Columns: subject, action, at.
SELECT i.subject, i.action, i.at
  FROM pgmoat.incident AS i
 WHERE (i.at > pg_catalog.clock_timestamp() - interval '10 minutes' AND i.action <> 'failed')
    OR (i.at > pg_catalog.clock_timestamp() - interval '1 day' AND i.kind = 'role-changed'
        AND NOT pg_catalog.has_table_privilege('pgmoat.lease', 'UPDATE'))
 ORDER BY i.at, i.id;
