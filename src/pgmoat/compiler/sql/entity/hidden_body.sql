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
        PERFORM pgmoat.count_refusal('PM034');
        RAISE EXCEPTION 'pgmoat: the conditions are an object of columns and values'
            USING ERRCODE = 'PM034', HINT = 'Give a JSON object: column to value.';
    END IF;
    FOR column_name IN SELECT jsonb_object_keys(conditions) LOOP
        test := CASE column_name{tests}
                END;
        IF test IS NULL OR NOT has_column_privilege(session_user, {view}, column_name, 'SELECT') THEN
            PERFORM pgmoat.count_refusal('PM034');
            RAISE EXCEPTION 'pgmoat: entity % has no column % that % may select', {entity}, column_name, session_user
                USING ERRCODE = 'PM034', HINT = 'Compare columns that the policy lets this agent read.';
        END IF;
        IF jsonb_typeof(conditions -> column_name) IN ('object', 'array') THEN
            PERFORM pgmoat.count_refusal('PM034');
            RAISE EXCEPTION 'pgmoat: a condition compares column % with one value', column_name
                USING ERRCODE = 'PM034', HINT = 'Give a text, a number, true, false or null.';
        END IF;
        tests := tests || ' AND ' || test;
    END LOOP;{counts}
    RETURN counts;
END
