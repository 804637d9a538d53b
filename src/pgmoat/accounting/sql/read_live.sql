-- What stands of this and the last minute, and for how long somebody looked (agent NULL).
-- Columns: now, minute, agent, wait_class, seconds.
WITH clock AS MATERIALIZED (SELECT pg_catalog.clock_timestamp() AS now)
SELECT c.now, x.minute, x.agent, x.wait_class, x.seconds
  FROM clock AS c
  LEFT JOIN LATERAL (
        SELECT u.minute, u.agent, u.wait_class, u.seconds
          FROM pgmoat.usage AS u
         WHERE u.minute >= pg_catalog.date_trunc('minute', c.now, 'UTC') - interval '1 minute'
         UNION ALL
        SELECT s.minute, NULL, NULL, s.seconds
          FROM pgmoat.sampling AS s
         WHERE s.minute >= pg_catalog.date_trunc('minute', c.now, 'UTC') - interval '1 minute') AS x ON true
 ORDER BY x.minute, x.agent, x.wait_class;
