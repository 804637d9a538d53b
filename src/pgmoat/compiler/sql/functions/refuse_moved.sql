-- Raises the error for a row that is no longer as the statement read it.
-- Arguments: the entity, and the row's key columns as an object.
CREATE OR REPLACE FUNCTION pgmoat.refuse_moved(entity text, key jsonb)
RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $function$
DECLARE
    this_xid xid8 := pg_current_xact_id();
    this_at timestamptz := statement_timestamp();
    this_entity text := entity;
    this_key jsonb := key;
BEGIN
    -- A retry would meet the same error for ever when the statement itself changed the row before.
    PERFORM FROM pgmoat.change AS c
      WHERE c.xid = this_xid AND c.at = this_at AND c.entity = this_entity AND COALESCE(c.before, c.after) @> this_key;
    IF FOUND THEN
        PERFORM pgmoat.count_refusal('21000');
        RAISE EXCEPTION 'pgmoat: one statement changes the same row of % twice', entity
            USING ERRCODE = '21000', DETAIL = 'Row: ' || key::text,
                  HINT = 'Name each row once: check for a join that multiplies rows, or two WITH parts on one entity.';
    END IF;
    PERFORM pgmoat.count_refusal('40001');
    RAISE EXCEPTION 'pgmoat: a row of % has changed since this statement read it', entity
        USING ERRCODE = '40001', DETAIL = 'Row: ' || key::text, HINT = 'Read it again and repeat the whole transaction.';
END
$function$;
