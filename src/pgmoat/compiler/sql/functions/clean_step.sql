-- A step's label as it is recorded: a client may have set pgmoat.step by itself. Arguments: the setting. Returns the label.
CREATE OR REPLACE FUNCTION pgmoat.clean_step(step text)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN NULLIF(pg_catalog.regexp_replace(pg_catalog."left"(step, 100), '[\u0001-\u001f\u007f-\u009f\u2028\u2029]', '?', 'g'), '');
