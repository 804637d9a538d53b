-- The scope of a child: each of the parent's keys with the same value or fewer of its values, what is left out inherited.
-- Arguments: the parent's scope, the child's, whether the child may add keys. A key more is a wider scope wherever rows
-- need it and the parent lacks it, so only the orchestrator may. Returns the child's whole scope.
CREATE OR REPLACE FUNCTION pgmoat.narrow_scope(parent jsonb, child jsonb, may_add boolean)
RETURNS jsonb LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    pair record;
    given jsonb;
    allowed jsonb;
BEGIN
    IF jsonb_typeof(child) <> 'object' THEN
        PERFORM pgmoat.refuse_child('its scope is no JSON object', NULL, 'Give a scope like {"customer_id": 42}, or none.');
    END IF;
    FOR pair IN SELECT * FROM jsonb_each(child) LOOP
        CONTINUE WHEN pair.value = parent -> pair.key;
        IF NOT parent ? pair.key THEN
            CONTINUE WHEN may_add;
            PERFORM pgmoat.refuse_child(format('its scope adds %s', quote_literal(left(pair.key, 100))), NULL,
                                        'Leave the key out: only the orchestrator may add keys to a scope.');
        END IF;
        given := CASE jsonb_typeof(pair.value) WHEN 'array' THEN pair.value ELSE jsonb_build_array(pair.value) END;
        allowed := CASE jsonb_typeof(parent -> pair.key) WHEN 'array' THEN parent -> pair.key
                   ELSE jsonb_build_array(parent -> pair.key) END;
        -- No longer than the parent's: a value given a million times is no subset.
        IF jsonb_array_length(given) > jsonb_array_length(allowed)
           OR EXISTS (SELECT FROM jsonb_array_elements(given) AS g (value)
                       WHERE g.value NOT IN (SELECT a.value FROM jsonb_array_elements(allowed) AS a (value))) THEN
            PERFORM pgmoat.refuse_child(format('its scope widens %s', quote_literal(left(pair.key, 100))),
                                        'Given: ' || left(pair.value::text, 200),
                                        'Give the parent''s value, some of its values, or leave the key out to inherit it.');
        END IF;
    END LOOP;
    RETURN parent || child;
END
$function$;
