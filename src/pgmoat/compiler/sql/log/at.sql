-- The state of the entity's rows at a time: of all, or of the one whose key is given.
-- Before the first event it is what that event found; without any event, what it is now.
CREATE OR REPLACE FUNCTION {function}("at" timestamptz, {parameters})
RETURNS TABLE ({key_definitions}, status text, event_id bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS {body};
