-- Raises the error for a write that needs a person's word. Arguments: the SQLSTATE; what it is about: which rule asks (PM050),
-- the number under which it is held (PM051, PM053, PM055), what there is too much of (PM054); a detail.
CREATE OR REPLACE FUNCTION pgmoat.refuse_approval(state text, what text, detail text)
RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF state = 'PM051' THEN
        PERFORM pgmoat.count_refusal('PM051');
        RAISE EXCEPTION 'pgmoat: a person has rejected this, number %', what
            USING ERRCODE = 'PM051', DETAIL = 'Reason: ' || COALESCE(detail, 'none given'),
                  HINT = 'Nothing was written. Do not try the same in other words or in smaller pieces: go on without it, or report.';
    ELSIF state = 'PM053' THEN
        PERFORM pgmoat.count_refusal('PM053');
        RAISE EXCEPTION 'pgmoat: number % was approved, and would write other rows now, or for another reason, than was shown; or it has expired meanwhile', what
            USING ERRCODE = 'PM053', DETAIL = 'Nothing was written.',
                  HINT = 'Have it held anew under the same key: write() of the runtime does, or pgmoat.hold_write().';
    ELSIF state = 'PM054' THEN
        PERFORM pgmoat.count_refusal('PM054');
        RAISE EXCEPTION 'pgmoat: this cannot be held for a person''s word: %', what
            USING ERRCODE = 'PM054', DETAIL = COALESCE(detail, 'Nothing was written.'),
                  HINT = 'Wait until a person has decided on what is held, or ask for less at once.';
    ELSIF state = 'PM055' THEN
        PERFORM pgmoat.count_refusal('PM055');
        RAISE EXCEPTION 'pgmoat: nothing of this task''s is held under number %', what
            USING ERRCODE = 'PM055', HINT = 'The number is in the answer to the write or call that was held.';
    ELSE
        PERFORM pgmoat.count_refusal('PM050');
        RAISE EXCEPTION 'pgmoat: this needs a person''s word: %', what
            USING ERRCODE = 'PM050', DETAIL = COALESCE(detail, 'Nothing of this transaction was written.'),
                  HINT = 'Repeat it with write() of pgmoat''s runtime, or with pgmoat.begin_write() and pgmoat.hold_write(), so that it '
                         'is held and a person is asked. Smaller statements do not get round it where rows_per_task is set.';
    END IF;
END
$function$;
