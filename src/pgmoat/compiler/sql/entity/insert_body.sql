-- INSTEAD OF INSERT: writes the base row, gives back what really was stored, and records it.
{scope_option}DECLARE
    change_id bigint;{scope_variables}{scope_flag}
BEGIN{scope_before}{block}
    INSERT INTO {table} AS b ({columns})
    VALUES ({values})
    RETURNING {returning}
         INTO {targets};{end_block}
    IF NOT FOUND THEN
        RETURN NULL; -- a trigger of people's own took the row away
    END IF;{scope_after}
    INSERT INTO pgmoat.change (entity, operation, after{task_column})
    VALUES ({entity}, 'I', pg_catalog.to_jsonb(NEW){task_value}) RETURNING id INTO change_id;
    {stop_early}
    RETURN NEW;
END
