-- Closes a task. Parameters: the agent, the id.
SELECT pgmoat.close_task($1, $2)
