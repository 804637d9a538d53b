-- Whether what a call of an operation has written may stand. Only operations' roles may call it.
-- Arguments: the call and the newest change before it; the rule that asks for a person's word whatever it writes, if one does; how
-- many rows it may write without one (NULL: any). Returns NULL where it may stand; else what it has written, for
-- pgmoat.hold_operation() once it is taken back.
CREATE OR REPLACE FUNCTION pgmoat.weigh_operation(call bigint, newest_change bigint, rule text, most_rows bigint)
RETURNS jsonb LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $function$
DECLARE
    seen record;
    approved record;
    why text := rule;
BEGIN
    seen := pgmoat.look_at_changes(newest_change);
    IF seen.affected > most_rows THEN
        why := concat_ws('; ', why, format('it writes %s rows, more than %s', seen.affected, most_rows));
    END IF;
    SELECT p.fingerprint, p.given_reason INTO approved
      FROM pgmoat.operation_call AS c JOIN pgmoat.approval AS p ON p.id = c.approval
     WHERE c.id = weigh_operation.call AND p.expires_at > clock_timestamp();
    IF why IS NULL OR approved.fingerprint = seen.fingerprint THEN
        RETURN NULL;
    ELSIF approved.fingerprint IS NOT NULL THEN
        why := why || CASE WHEN approved.given_reason IS DISTINCT FROM seen.reason THEN '; it was approved with another reason'
                           ELSE '; it was approved, and would write other rows now' END;
    END IF;
    RETURN jsonb_build_object('why', why, 'affected', seen.affected, 'preview', seen.preview, 'is_cut', seen.is_cut,
                              'reason', seen.reason, 'counts', seen.counts, 'fingerprint', encode(seen.fingerprint, 'hex'));
END
$function$;
