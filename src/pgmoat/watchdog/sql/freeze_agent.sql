-- Freezes an agent, if the holder leads and it is not frozen yet. Parameters: holder, agent, reason. Columns: is_new; no row
-- if another one leads.
SELECT pgmoat.freeze_agent(%(agent)s, %(reason)s) AS is_new
 WHERE pgmoat.leads(%(holder)s);
