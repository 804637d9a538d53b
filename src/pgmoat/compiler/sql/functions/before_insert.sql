-- BEFORE INSERT statement trigger of every entity: INSERT and COPY evaluate no WHERE, so the gate is asked here.
CREATE OR REPLACE FUNCTION pgmoat.before_insert()
RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM pgmoat.gate(TG_TABLE_NAME);
    RETURN NULL;
END
$function$;
