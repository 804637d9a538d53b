-- Claims a task by name, and gives the token that enters it. Parameters: the task's id.
SELECT CASE WHEN pgmoat.claim($1) IS NOT NULL THEN pg_catalog.current_setting('pgmoat.token') END
