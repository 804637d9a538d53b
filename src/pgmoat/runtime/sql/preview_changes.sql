-- What this transaction has written. Parameters: how many rows at the most; how many bytes of images, as text: those behind are left out.
SELECT p.entity, p.operation, CASE WHEN p.bytes <= $2::bigint THEN p.before END, CASE WHEN p.bytes <= $2::bigint THEN p.after END,
       p.bytes > $2::bigint
  FROM (SELECT c.entity, c.operation, c.before::text AS before, c.after::text AS after,
               pg_catalog.sum(COALESCE(pg_catalog.octet_length(c.before::text), 0) + COALESCE(pg_catalog.octet_length(c.after::text), 0))
                   OVER (ROWS UNBOUNDED PRECEDING) AS bytes
          FROM pgmoat.preview_changes($1) AS c) AS p
