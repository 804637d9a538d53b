-- For how long somebody looked, over time. Parameters: bucket, since, until. Columns: at, seconds.
SELECT pg_catalog.date_bin(%(bucket)s, s.minute, timestamptz '2000-01-01 00:00:00+00') AS at,
       pg_catalog.sum(s.seconds) AS seconds
  FROM pgmoat.sampling AS s
 WHERE s.minute >= pg_catalog.date_trunc('minute', %(since)s::pg_catalog.timestamptz, 'UTC') AND s.minute < %(until)s
 GROUP BY 1
 ORDER BY 1;
