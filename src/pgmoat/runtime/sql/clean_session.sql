-- Takes back what SQL did to a session outside of its transactions. Column: prepared statements that SQL made, which
-- could pass for the driver's. DISCARD ALL would take the driver's own as well, and the plans of all functions.
SELECT pg_catalog.count(*) FROM pg_catalog.pg_prepared_statements WHERE from_sql;
RESET ALL;
CLOSE ALL;
UNLISTEN *;
SELECT pg_catalog.pg_advisory_unlock_all();
DISCARD TEMP
