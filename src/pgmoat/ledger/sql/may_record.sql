-- Whether the caller may record incidents: the monitor and the owner may, an orchestrator may not. Columns: may.
SELECT COALESCE(pg_catalog.has_function_privilege(
           pg_catalog.to_regprocedure('pgmoat.record_incident(text,text,text,text,text,text,jsonb)'), 'EXECUTE'), false) AS may;
