-- Database time by agent, over time. Parameters: bucket, since, until. Columns: at, agent, seconds.
SELECT pg_catalog.date_bin(%(bucket)s, u.minute, timestamptz '2000-01-01 00:00:00+00') AS at, u.agent,
       pg_catalog.sum(u.seconds) AS seconds
  FROM pgmoat.usage AS u
 WHERE u.minute >= pg_catalog.date_trunc('minute', %(since)s::pg_catalog.timestamptz, 'UTC') AND u.minute < %(until)s
   AND u.wait_class <> 'Idle in transaction'
 GROUP BY 1, 2
 ORDER BY 1, 2;
