-- A write whose rows are cut off on the server, by rows and by bytes as text; where not even the first one fits, nothing is written.
-- Three columns behind the write's own: size, running sum, rows that it returned.
WITH pgmoat_query AS (
{query}
)
SELECT * FROM (
    SELECT pgmoat_query.*, pg_catalog.octet_length((pgmoat_query.*)::text) AS pgmoat_size,
           pg_catalog.sum(pg_catalog.octet_length((pgmoat_query.*)::text)) OVER (ROWS UNBOUNDED PRECEDING) AS pgmoat_sum,
           pg_catalog.count(*) OVER () AS pgmoat_count
      FROM pgmoat_query) AS pgmoat_answer
 WHERE CASE WHEN pgmoat_sum <= {most_bytes} THEN true WHEN pgmoat_sum > pgmoat_size THEN false
            ELSE pgmoat.refuse_large_row(pgmoat_size, {most_bytes}) END
 LIMIT {most_rows}
