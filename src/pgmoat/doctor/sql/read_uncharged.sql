-- Transactions among the latest writes that no task was charged for: the charge comes with the same COMMIT.
-- Columns: transactions, rows.
WITH latest AS MATERIALIZED (
    SELECT s.xid, s.rows FROM pgmoat.statement AS s ORDER BY s.xid DESC, s.id DESC LIMIT 1000
)
SELECT
    pg_catalog.count(DISTINCT w.xid) AS transactions,
    COALESCE(pg_catalog.sum(w.rows), 0)::pg_catalog.int8 AS rows
FROM latest AS w
WHERE NOT EXISTS (
    SELECT
    FROM pgmoat.ledger AS l
    WHERE l.xid = w.xid AND l.xid >= (SELECT pg_catalog.min(f.xid::pg_catalog.text::pg_catalog.xid8) FROM latest AS f)
)
