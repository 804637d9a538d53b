-- INSTEAD OF UPDATE: OLD is a snapshot, so the row is written only if it still is what the statement read.
{scope_option}DECLARE
    change_id bigint;{scope_variables}{scope_flag}
BEGIN{scope_before}{block}
    UPDATE {table} AS b
       SET {assignments}
     WHERE {is_unchanged}
    RETURNING {returning}
         INTO {targets};{end_block}
    IF NOT FOUND THEN
        PERFORM FROM {table} AS b WHERE {is_unchanged};
        IF FOUND THEN
            RETURN NULL; -- a trigger of people's own took the update away
        END IF;
        PERFORM pgmoat.refuse_moved({entity}, {key});
    END IF;{scope_after}
    INSERT INTO pgmoat.change (entity, operation, before, after{task_column})
    VALUES ({entity}, 'U', pg_catalog.to_jsonb(OLD), pg_catalog.to_jsonb(NEW){task_value}) RETURNING id INTO change_id;
    {stop_early}
    RETURN NEW;
END
