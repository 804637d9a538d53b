-- All SQL in it is written here; the caller's words are compared with it, its values are parameters.
#variable_conflict use_variable
DECLARE
    tests text := '';
    column_name text;
    test text;
    counted integer;
    counts jsonb := '{{}}';{variables}
BEGIN
    PERFORM pgmoat.gate({entity});
    IF jsonb_typeof(conditions) IS DISTINCT FROM 'object' THEN
        RAISE EXCEPTION 'pgmoat: the conditions are an object of columns and values' USING ERRCODE = '22023';
    END IF;
    FOR column_name IN SELECT jsonb_object_keys(conditions) LOOP
        test := CASE column_name{tests}
                END;
        IF test IS NULL OR NOT has_column_privilege(session_user, {view}, column_name, 'SELECT') THEN
            RAISE EXCEPTION 'pgmoat: entity % has no column % that % may select', {entity}, column_name, session_user
                USING ERRCODE = '42501';
        END IF;
        IF jsonb_typeof(conditions -> column_name) IN ('object', 'array') THEN
            RAISE EXCEPTION 'pgmoat: a condition compares a column with one value' USING ERRCODE = '22023';
        END IF;
        tests := tests || ' AND ' || test;
    END LOOP;{counts}
    RETURN counts;
END
