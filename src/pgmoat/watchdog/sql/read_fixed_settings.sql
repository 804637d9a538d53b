-- Settings that no role changes for itself: a superuser's. An apply without superuser may have left them out. Columns: name.
SELECT s.name
  FROM pg_catalog.pg_settings AS s
 WHERE s.context LIKE 'superuser%'
 ORDER BY s.name;
