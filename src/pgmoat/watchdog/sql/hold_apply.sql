-- Keeps apply away for the rest of the transaction, if it does not run and the holder leads: what a role is to have must
-- not change while it is set right. Parameters: holder. Columns: name; no row if so.
SELECT l.name
  FROM pgmoat.lease AS l
 WHERE l.name = 'apply'
   AND EXISTS (SELECT FROM pgmoat.lease AS w
                WHERE w.name = 'watch' AND w.holder = %(holder)s AND w.leased_until > pg_catalog.clock_timestamp())
   FOR UPDATE OF l SKIP LOCKED;
