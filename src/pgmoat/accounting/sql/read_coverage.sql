-- For how long somebody looked, in a window of whole minutes.
-- Parameters: since, until. Columns: since (the minute it falls in), covered_seconds, samples, hidden.
SELECT pg_catalog.date_trunc('minute', %(since)s::pg_catalog.timestamptz, 'UTC') AS since,
       COALESCE(pg_catalog.sum(s.seconds), 0) AS covered_seconds,
       COALESCE(pg_catalog.sum(s.samples), 0)::pg_catalog.int8 AS samples,
       COALESCE(pg_catalog.max(s.hidden), 0) AS hidden
  FROM pgmoat.sampling AS s
 WHERE s.minute >= pg_catalog.date_trunc('minute', %(since)s::pg_catalog.timestamptz, 'UTC')
   AND s.minute < %(until)s;
