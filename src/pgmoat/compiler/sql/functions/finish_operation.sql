-- Ends a call of an operation: counts what it wrote, and stores the result. Only operations' roles may call it.
-- Arguments: the call and the newest change before it, as pgmoat.begin_operation() gave them; how many rows it must have
-- written at least and at most (NULL: any number); what it returns, and whether that was cut off. Returns the result.
CREATE OR REPLACE FUNCTION pgmoat.finish_operation(call bigint, newest_change bigint, least_rows bigint, most_rows bigint,
    rows jsonb, is_truncated boolean)
RETURNS jsonb LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $function$
DECLARE
    this_xid xid8 := pg_current_xact_id();
    this record;
    written bigint;
    first bigint;
    last bigint;
    answer jsonb;
BEGIN
    SELECT c.operation, c.key, c.approval INTO this FROM pgmoat.operation_call AS c WHERE c.id = call;
    SELECT count(*), min(c.id), max(c.id) INTO written, first, last
      FROM pgmoat.change AS c WHERE c.xid = this_xid AND c.id > newest_change;
    IF written < least_rows OR written > most_rows THEN
        PERFORM pgmoat.refuse_affected(this.operation, written, least_rows, most_rows);
    END IF;
    IF this.approval IS NOT NULL THEN
        -- An operation's own function weighs it: it may stand although it has changed, where no rule asks any more.
        -- What has expired since the call began has no fingerprint that counts.
        IF this.operation = 'write()' AND (SELECT p.fingerprint FROM pgmoat.approval AS p
                                            WHERE p.id = this.approval AND p.expires_at > clock_timestamp())
                                          IS DISTINCT FROM (SELECT l.fingerprint FROM pgmoat.look_at_changes(newest_change) AS l) THEN
            PERFORM pgmoat.refuse_approval('PM053', this.approval::text, NULL);
        END IF;
        UPDATE pgmoat.approval AS p SET done_at = clock_timestamp(), call = finish_operation.call WHERE p.id = this.approval;
    END IF;
    answer := jsonb_build_object('operation', this.operation, 'key', this.key, 'replayed', false,
                                 'affected', written, 'rows', rows, 'truncated', is_truncated, 'statement_id',
        (SELECT max(s.id) FROM pgmoat.statement AS s WHERE s.xid = this_xid AND s.first_change > newest_change AND s.rows > 0));
    IF written = 0 THEN
        PERFORM pgmoat.check_idle_calls(call, answer);
    END IF;
    UPDATE pgmoat.operation_call AS c
       SET affected = written, first_change = first, last_change = last, result = answer
     WHERE c.id = call;
    RETURN answer;
END
$function$;
