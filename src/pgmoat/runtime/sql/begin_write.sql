-- Enters a task and begins a keyed write, in one statement; names the session after the task.
-- Parameters: the key, the request, the token, the step, the reason, the name (NULL: as it is).
SELECT b.call, b.result,
       CASE WHEN $6::text IS NOT NULL THEN pg_catalog.set_config('application_name', $6::text, true) END
  FROM pgmoat.begin_write($1, $2, $3, $4, $5) AS b
