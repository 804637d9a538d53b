-- Where the scene is. Parameters: none. Columns: database, watches_ddl: an event trigger runs when
-- something is created, watches_always: and whatever session_replication_role is.
SELECT
    pg_catalog.current_database()::pg_catalog.text AS database,
    EXISTS (
        SELECT
        FROM pg_catalog.pg_event_trigger AS e
        WHERE e.evtevent = 'ddl_command_start' AND e.evtenabled <> 'D'
    ) AS watches_ddl,
    EXISTS (
        SELECT
        FROM pg_catalog.pg_event_trigger AS e
        WHERE e.evtevent IN ('ddl_command_start', 'ddl_command_end') AND e.evtenabled NOT IN ('D', 'O')
    ) AS watches_always
