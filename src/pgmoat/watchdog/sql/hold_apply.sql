-- Keeps apply away for the rest of the transaction, if it does not run and the holder leads: what a role is to have must
-- not change while it is set right. Parameters: holder. Columns: name; no row if so.
SELECT l.name
  FROM pgmoat.lease AS l
 WHERE l.name = 'apply'
   AND pgmoat.leads(%(holder)s)
   FOR UPDATE OF l SKIP LOCKED;
