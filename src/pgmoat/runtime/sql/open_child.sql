-- Opens a child of the task that was entered. Parameters: its id, its scope, milliseconds, rows at the most.
SELECT pgmoat.open_child($1, $2, $3 * interval '1 millisecond', $4)
