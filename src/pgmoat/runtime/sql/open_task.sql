-- Opens a task, or re-enters it. Parameters: the agent, the id, the scope, milliseconds, rows at the most, the parent's
-- agent and id.
SELECT pgmoat.open_task($1, $2, $3, $4 * interval '1 millisecond', $5, $6, $7)
