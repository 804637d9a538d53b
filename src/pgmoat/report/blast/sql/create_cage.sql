-- Try statements as the owner of this function: within it no code can take on the session's own rights again.
-- It lives for one transaction that is rolled back. Parameters: probes. Result: SQLSTATE and message of each, in turn.
CREATE FUNCTION pg_temp.pgmoat_try(probes pg_catalog.text[]) RETURNS pg_catalog.text[]
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $cage$
DECLARE
    probe pg_catalog.text;
    state pg_catalog.text;
    message pg_catalog.text;
    answers pg_catalog.text[] := '{}';
BEGIN
    FOREACH probe IN ARRAY probes LOOP
        BEGIN
            EXECUTE probe;
            -- Whatever it set or locked goes with the subtransaction.
            RAISE EXCEPTION USING ERRCODE = 'PM000', MESSAGE = 'tried';
        EXCEPTION WHEN OTHERS OR ASSERT_FAILURE THEN
            GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT;
        END;
        answers := answers || state || message;
    END LOOP;
    RETURN answers;
END
$cage$
