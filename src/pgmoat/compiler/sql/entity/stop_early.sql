-- The part of every row trigger that asks for an exact count now and then, see pgmoat.count_rows. The setting can be
-- forged; every 64th change of the server is counted whatever it says, so that no statement locks rows at will.
IF (change_id OPERATOR(pg_catalog.%) 64::bigint) = 0::bigint OR change_id > COALESCE(NULLIF(pg_catalog.current_setting('pgmoat.stop_at', true), ''), '0')::bigint THEN
        PERFORM pgmoat.count_rows(change_id);
    END IF;
