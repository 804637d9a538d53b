-- Raises the error for an operation in a transaction that cannot write. Arguments: the operation.
CREATE OR REPLACE FUNCTION pgmoat.refuse_read_only(operation text)
RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    RAISE EXCEPTION 'pgmoat: operation % cannot run in a read-only transaction', operation
        USING ERRCODE = '25006', DETAIL = CASE WHEN pg_is_in_recovery() THEN 'This server is a standby.' ELSE '' END,
              HINT = 'Call it on the primary, in a transaction that is READ WRITE.';
END
$function$;
