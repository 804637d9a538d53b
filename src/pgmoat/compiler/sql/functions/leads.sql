-- Whether a watchdog leads. The holder is the leader's secret: nobody else may read it from the lease. Arguments: who asks.
CREATE OR REPLACE FUNCTION pgmoat.leads(holder text)
RETURNS boolean LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT EXISTS (SELECT FROM pgmoat.lease AS l
                    WHERE l.name = 'watch' AND l.holder = leads.holder AND l.leased_until > clock_timestamp())
$function$;
