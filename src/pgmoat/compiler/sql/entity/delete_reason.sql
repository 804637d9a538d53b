-- The part of a DELETE trigger that insists on a reason.

    IF NULLIF(pg_catalog.current_setting('pgmoat.reason', true), '') IS NULL THEN
        PERFORM pgmoat.refuse_delete({entity});
    END IF;
