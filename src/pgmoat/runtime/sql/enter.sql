-- Enters a task, and names the session after it, in one round trip.
-- Parameters: the token, the step, the reason, the name.
SELECT pgmoat.enter($1, $2, $3), pg_catalog.set_config('application_name', $4, true)
