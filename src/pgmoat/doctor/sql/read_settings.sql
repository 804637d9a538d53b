-- Settings as a new session of this role gets them. Parameters: names. Columns: name, value, source, pending_restart.
SELECT s.name, s.reset_val AS value, s.source, s.pending_restart
FROM pg_catalog.pg_settings AS s
WHERE s.name = ANY (%(names)s::pg_catalog.text[])
ORDER BY s.name
