-- Records something that was done by other means, or could not be done. Parameters: those of record_incident. Columns: incident.
SELECT pgmoat.record_incident(%(agent)s, %(task_id)s, %(step)s, %(kind)s, %(action)s, %(subject)s, %(detail)s::pg_catalog.jsonb)
       AS incident;
