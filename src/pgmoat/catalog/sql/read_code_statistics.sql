-- Codes that the planner's statistics name for one column, with estimated numbers of rows.
-- Parameters: schema, table, column, estimated_rows. Columns: code, rows.
SELECT
    codes.code,
    pg_catalog.round(codes.frequency * %(estimated_rows)s::pg_catalog.int8)::pg_catalog.int8 AS rows
FROM pg_catalog.pg_stats AS s
CROSS JOIN LATERAL ROWS FROM (
    pg_catalog.unnest(s.most_common_vals::pg_catalog.text::pg_catalog.text[]),
    pg_catalog.unnest(s.most_common_freqs)
) AS codes (code, frequency)
WHERE s.schemaname = %(schema)s
    AND s.tablename = %(table)s
    AND s.attname = %(column)s
    -- A partitioned table has inherited statistics only, a plain one its own.
    AND s.inherited = (
        SELECT pg_catalog.bool_or(other.inherited)
        FROM pg_catalog.pg_stats AS other
        WHERE other.schemaname = s.schemaname AND other.tablename = s.tablename AND other.attname = s.attname
    )
ORDER BY rows DESC, codes.code
