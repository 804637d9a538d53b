-- What an operation's function does where the policy may ask for a person's word: what was written is looked at, and taken back
-- unless it may stand.
#variable_conflict use_column
DECLARE
    pgmoat_begun record;
    pgmoat_row record;
    pgmoat_rows jsonb[] := '{{}}';
    pgmoat_bytes integer := 0;
    pgmoat_truncated boolean := false;
    pgmoat_rule text;
    pgmoat_result jsonb;
    pgmoat_held jsonb;
BEGIN
    SELECT * INTO pgmoat_begun
      FROM pgmoat.begin_operation({operation}, {key}, {is_key_required}, {expires_ms}, {request}, {required});
    IF pgmoat_begun.result IS NOT NULL THEN
        RETURN pgmoat_begun.result;
    END IF;
    BEGIN
{preconditions}{rule}{statements}{returns}        pgmoat_result := pgmoat.finish_operation(pgmoat_begun.call, pgmoat_begun.newest_change, {least_rows}, {most_rows},
            pg_catalog.to_jsonb(pgmoat_rows), pgmoat_truncated);
        pgmoat_held := pgmoat.weigh_operation(pgmoat_begun.call, pgmoat_begun.newest_change, pgmoat_rule, {rows_without_word});
        IF pgmoat_held IS NOT NULL THEN
            RAISE SQLSTATE 'PM052';  -- takes all of the block back; what a variable holds stays
        END IF;
    EXCEPTION WHEN SQLSTATE 'PM052' THEN
        IF pgmoat_held IS NULL THEN
            RAISE;  -- somebody else's
        END IF;
    END;
    IF pgmoat_held IS NULL THEN
        RETURN pgmoat_result;
    END IF;
    RETURN pgmoat.hold_operation(pgmoat_begun.call, pgmoat_held, {request}, {held_ms});
END
