-- Raises the error for a COMMIT that has waited too long for another transaction's. Arguments: what that one holds.
CREATE OR REPLACE FUNCTION pgmoat.refuse_busy(what text)
RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    -- Only one that had its constraints checked early (SET CONSTRAINTS) holds it for longer than a COMMIT.
    PERFORM pgmoat.count_refusal('PM014');
    RAISE EXCEPTION 'pgmoat: another transaction has been holding % for too long', what
        USING ERRCODE = 'PM014', DETAIL = 'Nothing of this transaction was written.',
              HINT = 'Repeat the transaction. If it goes on, a person looks for an open transaction of these agents, or freezes them.';
END
$function$;
