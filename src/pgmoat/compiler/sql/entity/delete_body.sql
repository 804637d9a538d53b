-- INSTEAD OF DELETE: marks the row with when, who and why. Who is the session's role, never what a client says.
{scope_option}DECLARE
    change_id bigint;{scope_variables}
BEGIN{reason_check}{block}
    UPDATE {table} AS b
       SET {deleted_at} = pg_catalog.now(),
           {deleted_by} = (SELECT a.identity FROM pgmoat.agent AS a WHERE a.role = session_user),
           {delete_reason} = NULLIF(pg_catalog.left(pg_catalog.current_setting('pgmoat.reason', true), 2000), '')
     WHERE {is_unchanged};{end_block}
    IF NOT FOUND THEN
        PERFORM FROM {table} AS b WHERE {is_unchanged};
        IF FOUND THEN
            RETURN NULL; -- a trigger of people's own took the update away
        END IF;
        PERFORM pgmoat.refuse_moved({entity}, {key});
    END IF;
    INSERT INTO pgmoat.change (entity, operation, before, reason{task_column})
    VALUES ({entity}, 'D', pg_catalog.to_jsonb(OLD),
            NULLIF(pg_catalog.left(pg_catalog.current_setting('pgmoat.reason', true), 2000), ''){task_value}) RETURNING id INTO change_id;
    {stop_early}
    RETURN OLD;
END
