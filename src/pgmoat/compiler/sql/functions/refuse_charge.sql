-- Raises the error for a charge that met another one: only a transaction with an older snapshot can get there.
CREATE OR REPLACE FUNCTION pgmoat.refuse_charge()
RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM pgmoat.count_refusal('40001');
    RAISE EXCEPTION 'pgmoat: the task''s budget has moved' USING ERRCODE = '40001', HINT = 'Repeat the transaction.';
END
$function$;
