-- A query whose answer is cut off on the server, by rows and by bytes as text. One row more than allowed is looked at, to
-- know whether there are more. Three columns behind the query's own: size, running sum, rows looked at.
SELECT * FROM (
    SELECT pgmoat_row.*, pg_catalog.octet_length((pgmoat_row.*)::text) AS pgmoat_size,
           pg_catalog.sum(pg_catalog.octet_length((pgmoat_row.*)::text)) OVER (ROWS UNBOUNDED PRECEDING) AS pgmoat_sum,
           pg_catalog.count(*) OVER () AS pgmoat_count
      FROM (SELECT * FROM (
{query}
) AS pgmoat_query LIMIT {most_rows} + 1) AS pgmoat_row) AS pgmoat_answer
 WHERE CASE WHEN pgmoat_sum <= {most_bytes} THEN true WHEN pgmoat_sum > pgmoat_size THEN false
            ELSE pgmoat.refuse_large_row(pgmoat_size, {most_bytes}) END
