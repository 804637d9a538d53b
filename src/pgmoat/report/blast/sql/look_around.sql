-- Where the scene is. Parameters: none. Columns: database, watches_ddl: an event trigger runs when something is created.
SELECT
    pg_catalog.current_database()::pg_catalog.text AS database,
    EXISTS (
        SELECT
        FROM pg_catalog.pg_event_trigger AS e
        WHERE e.evtevent = 'ddl_command_start' AND e.evtenabled <> 'D'
    ) AS watches_ddl
