-- Enters a task. Parameters: the token, the step, the reason.
SELECT pgmoat.enter($1, $2, $3)
