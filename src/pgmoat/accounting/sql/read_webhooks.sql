-- How far each webhook has been told of incidents. Parameters: none. Columns: as in WebhookState.
SELECT w.name, w.delivered, w.dropped, w.failing_since IS NOT NULL AS is_failing,
       (SELECT pg_catalog.count(*) FROM pgmoat.incident AS i WHERE i.id > w.last_incident) AS pending
  FROM pgmoat.webhook AS w
 ORDER BY w.name;
