-- Distinct codes of one column with their numbers of rows: a full scan.
-- Identifiers: relation, column. Placeholders: code (the column as text). Columns: code, rows.
SELECT {code} AS code, pg_catalog.count(*) AS rows
FROM {relation} AS base
WHERE base.{column} IS NOT NULL
GROUP BY 1
ORDER BY rows DESC, code
LIMIT 1000
