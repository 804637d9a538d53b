-- Distinct codes of one column with their numbers of rows: a full scan.
-- Identifiers: relation, column. Columns: code, rows.
SELECT base.{column}::pg_catalog.text AS code, pg_catalog.count(*) AS rows
FROM {relation} AS base
WHERE base.{column} IS NOT NULL
GROUP BY 1
ORDER BY rows DESC, code
LIMIT 1000
