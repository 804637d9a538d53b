-- What a hardening took from PUBLIC: enough to give it back.

CREATE TABLE pgmoat.closure (
    area text NOT NULL,
    object_kind text NOT NULL,
    object text NOT NULL,
    column_name text NOT NULL DEFAULT '',
    privilege text NOT NULL,
    grantor text NOT NULL DEFAULT '',
    grantees text[] NOT NULL,
    was_default boolean NOT NULL,
    closed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    closed_by name NOT NULL DEFAULT session_user,
    PRIMARY KEY (object_kind, object, column_name, privilege, grantor)
);
COMMENT ON TABLE pgmoat.closure IS
    'One row per privilege that pgmoat apply --harden took from PUBLIC. --soften and destroy give it back.';
COMMENT ON COLUMN pgmoat.closure.object IS 'As SQL takes it: "public"."orders", public.f(integer), FOR ROLE "app".';
COMMENT ON COLUMN pgmoat.closure.grantor IS 'The role that had given it to PUBLIC; empty for the owner of the object.';
COMMENT ON COLUMN pgmoat.closure.grantees IS 'Roles that got the privilege by name, because they had it through PUBLIC.';
COMMENT ON COLUMN pgmoat.closure.was_default IS 'PUBLIC had it because the object had no ACL of its own.';
