-- Where this server's WAL ends, as a number of bytes, and on which timeline. Fails on a standby.
-- Insert, not flush: with synchronous_commit = off a commit is visible before it is flushed. Where the last record ends
-- with its page, this position lies behind the next page's header (24 bytes, 40 in a segment's first page), which replay
-- does not reach before there is another record: then it is the page's end.
SELECT ('x' || pg_catalog.substr(pg_catalog.pg_walfile_name(w.lsn), 1, 8))::pg_catalog.bit(32)::integer AS timeline,
       p.position - CASE WHEN p.position % pg_catalog.pg_size_bytes(pg_catalog.current_setting('wal_segment_size')) = 40 THEN 40
                         WHEN p.position % pg_catalog.current_setting('wal_block_size')::bigint = 24 THEN 24
                         ELSE 0 END AS position
  FROM pg_catalog.pg_current_wal_insert_lsn() AS w(lsn),
       LATERAL (SELECT (w.lsn - '0/0'::pg_catalog.pg_lsn)::bigint AS position) AS p
