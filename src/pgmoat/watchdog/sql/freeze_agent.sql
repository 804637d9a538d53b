-- Freezes an agent, if the holder leads and it is not frozen yet. Parameters: holder, agent, reason. Columns: is_new; no row
-- if another one leads.
SELECT pgmoat.freeze_agent(%(agent)s, %(reason)s) AS is_new
  FROM pgmoat.lease AS l
 WHERE l.name = 'watch' AND l.holder = %(holder)s AND l.leased_until > pg_catalog.clock_timestamp();
