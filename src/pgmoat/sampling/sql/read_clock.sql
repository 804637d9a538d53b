-- The server's clock. Columns: now.
SELECT pg_catalog.clock_timestamp() AS now;
