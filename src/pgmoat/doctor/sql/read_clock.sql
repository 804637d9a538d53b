-- The server's clock. Columns: seconds since 1970.
SELECT EXTRACT(EPOCH FROM pg_catalog.clock_timestamp())
