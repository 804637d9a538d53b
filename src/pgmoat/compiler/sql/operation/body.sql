-- What an operation's function does.
#variable_conflict use_column
DECLARE
    pgmoat_begun record;
    pgmoat_row record;
    pgmoat_rows jsonb[] := '{{}}';
    pgmoat_bytes integer := 0;
    pgmoat_truncated boolean := false;
BEGIN
    SELECT * INTO pgmoat_begun
      FROM pgmoat.begin_operation({operation}, {key}, {is_key_required}, {expires_ms}, {request}, {required});
    IF pgmoat_begun.result IS NOT NULL THEN
        RETURN pgmoat_begun.result;
    END IF;
{preconditions}{statements}{returns}    RETURN pgmoat.finish_operation(pgmoat_begun.call, pgmoat_begun.newest_change, {least_rows}, {most_rows},
        pg_catalog.to_jsonb(pgmoat_rows), pgmoat_truncated);
END
