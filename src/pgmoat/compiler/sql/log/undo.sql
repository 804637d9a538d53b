-- Takes the last step of a row back, as a new event: the newest that is neither an undo nor undone.
CREATE OR REPLACE FUNCTION {function}({parameters}, reason text DEFAULT NULL, idempotency_key text DEFAULT NULL)
RETURNS TABLE (event_id bigint, previous_status text, new_status text, undoes bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS {body};
