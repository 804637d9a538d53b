-- What a closure was of, whatever it is called by now. Records from before have names only.

ALTER TABLE pgmoat.closure
    ADD COLUMN object_id bigint NOT NULL DEFAULT 0,
    ADD COLUMN part_id bigint NOT NULL DEFAULT 0,
    ADD COLUMN grantee_ids bigint[] NOT NULL DEFAULT '{}',
    ADD COLUMN home text NOT NULL DEFAULT '',
    DROP CONSTRAINT closure_pkey,
    ADD PRIMARY KEY (object_kind, object, column_name, privilege, grantor, object_id);
COMMENT ON COLUMN pgmoat.closure.object_id IS
    'OID of the object; for default privileges that of the role. 0 where it is not known.';
COMMENT ON COLUMN pgmoat.closure.part_id IS
    'Number of the column; for default privileges in a schema the OID of the schema; else 0.';
COMMENT ON COLUMN pgmoat.closure.grantee_ids IS 'OIDs of grantees, in their order: a role may get another name.';
COMMENT ON COLUMN pgmoat.closure.home IS
    'Where these OIDs hold: database, this table, major version. After a restore they mean nothing, and names count.';
