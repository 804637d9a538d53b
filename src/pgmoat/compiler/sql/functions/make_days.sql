-- Makes the partitions of yesterday, today and tomorrow (UTC) that are missing. ATTACH locks less than PARTITION OF: who
-- reads goes on.
CREATE OR REPLACE FUNCTION pgmoat.make_days()
RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
AS $function$
DECLARE
    parent text;
    day date;
    part text;
BEGIN
    IF to_regclass('pgmoat.unfinished' || to_char(current_date + 1, '"_"YYYYMMDD')) IS NOT NULL THEN
        RETURN; -- the last one of the last table
    END IF;
    FOREACH parent IN ARRAY ARRAY['sampling', 'usage', 'usage_detail', 'activity', 'statement_text', 'unfinished'] LOOP
        FOR offset_days IN -1 .. 1 LOOP
            day := current_date + offset_days;
            part := parent || to_char(day, '"_"YYYYMMDD');
            CONTINUE WHEN to_regclass(format('pgmoat.%I', part)) IS NOT NULL;
            BEGIN
                EXECUTE format('CREATE TABLE pgmoat.%I (LIKE pgmoat.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part, parent);
                EXECUTE format('ALTER TABLE pgmoat.%I ATTACH PARTITION pgmoat.%I FOR VALUES FROM (%L) TO (%L)',
                               parent, part, day, day + 1);
            EXCEPTION WHEN duplicate_table OR duplicate_object OR unique_violation THEN
                NULL; -- somebody else was making it, and has
            END;
        END LOOP;
    END LOOP;
END
$function$;
