-- Where this server stands: whether it is a standby, on which timeline (of its last restartpoint), how many bytes of WAL it
-- has replayed, how many seconds it knows to be behind (what it has received and not replayed).
SELECT pg_catalog.pg_is_in_recovery() AS is_standby, c.timeline_id AS timeline,
       (pg_catalog.pg_last_wal_replay_lsn() - '0/0'::pg_catalog.pg_lsn)::bigint AS replayed,
       CASE WHEN pg_catalog.pg_last_wal_receive_lsn() > pg_catalog.pg_last_wal_replay_lsn()
            THEN COALESCE(EXTRACT(epoch FROM pg_catalog.clock_timestamp()
                                             - pg_catalog.pg_last_xact_replay_timestamp()), 0)
            ELSE 0 END::double precision AS behind_s
  FROM pg_catalog.pg_control_checkpoint() AS c
