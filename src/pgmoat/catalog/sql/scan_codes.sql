-- Distinct codes of one column, by one descent of its btree index per code, however many rows there are.
-- Identifiers: relation, column. Placeholders: text (found.code as text). Columns: code, rows (always -1: not counted).
WITH RECURSIVE found AS (
    (
        SELECT base.{column} AS code
        FROM {relation} AS base
        WHERE base.{column} IS NOT NULL
        ORDER BY base.{column}
        LIMIT 1
    )
    UNION ALL
    SELECT (
        SELECT base.{column}
        FROM {relation} AS base
        WHERE base.{column} OPERATOR(pg_catalog.>) found.code
        ORDER BY base.{column}
        LIMIT 1
    )
    FROM found
    WHERE found.code IS NOT NULL
)
SELECT {text} AS code, -1::pg_catalog.int8 AS rows
FROM found
WHERE found.code IS NOT NULL
LIMIT 1000
