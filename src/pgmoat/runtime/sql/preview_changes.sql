-- What this transaction has written. Parameters: how many rows at the most, and of how many bytes as text.
-- Columns: entity, operation, before, after; whether the latter two are left out, as more bytes than that.
SELECT c.entity, c.operation, CASE WHEN c.total <= $2 THEN c.before END, CASE WHEN c.total <= $2 THEN c.after END, c.total > $2
  FROM (SELECT p.place, p.entity, p.operation, p.before::text AS before, p.after::text AS after,
               pg_catalog.sum(coalesce(pg_catalog.octet_length(p.before::text), 0)
                   + coalesce(pg_catalog.octet_length(p.after::text), 0)) OVER (ORDER BY p.place) AS total
          FROM pgmoat.preview_changes($1) WITH ORDINALITY AS p (entity, operation, before, after, place)) AS c
 ORDER BY c.place
