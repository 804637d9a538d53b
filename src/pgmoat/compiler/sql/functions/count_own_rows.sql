-- How many rows this transaction has written that have no person's word: by the agent's own SQL, outside of calls of the
-- policy's operations and of what was approved and is done. In all, and at most by one statement of the client.
CREATE OR REPLACE FUNCTION pgmoat.count_own_rows(OUT transaction_rows bigint, OUT statement_rows bigint)
RETURNS record LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $function$
    SELECT COALESCE(sum(s.rows), 0)::bigint, COALESCE(max(s.rows), 0)
      FROM (SELECT count(*) AS rows
              FROM pgmoat.change AS c
             WHERE c.xid = pg_current_xact_id_if_assigned()
               AND NOT EXISTS (
                   SELECT FROM pgmoat.operation_call AS o
                    WHERE o.xid = pg_current_xact_id_if_assigned()
                      AND (o.result IS NOT NULL AND (o.operation <> 'write()' OR o.approval IS NOT NULL)
                           AND c.id BETWEEN o.first_change AND o.last_change
                           -- A call that is running: nothing but its own SQL can.
                           OR o.result IS NULL AND o.operation <> 'write()' AND c.id > o.first_change))
             GROUP BY c.at) AS s;
$function$;
