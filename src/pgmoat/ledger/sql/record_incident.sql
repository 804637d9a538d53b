-- Records what a person did. Parameters: those of record_incident. Columns: incident.
SELECT pgmoat.record_incident(%(agent)s, %(task_id)s, NULL, %(kind)s, %(action)s, %(subject)s, %(detail)s::pg_catalog.jsonb)
       AS incident;
