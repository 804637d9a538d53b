-- What this policy makes, apart from what every policy has. Made by test_golden.py.

-- column public.orders.deleted_at timestamp with time zone

-- column public.orders.deleted_by text

-- column public.orders.delete_reason text

-- table pgmoat_map.orders__fulfillment_status
-- as the table's owner
CREATE TABLE "pgmoat_map"."orders__fulfillment_status" (code integer PRIMARY KEY, word text NOT NULL UNIQUE);
INSERT INTO "pgmoat_map"."orders__fulfillment_status" (code, word) VALUES ('1'::integer, 'pending'), ('5'::integer, 'shipped'), ('9'::integer, 'cancelled');
ANALYZE "pgmoat_map"."orders__fulfillment_status";
ALTER TABLE "pgmoat_map"."orders__fulfillment_status" OWNER TO "pgmoat_owner";

-- function pgmoat_write.orders_insert()
-- as pgmoat_writer
CREATE OR REPLACE FUNCTION "pgmoat_write"."orders_insert"()
RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, "public", pg_temp
SET TimeZone = 'UTC'
AS $body$
DECLARE
    change_id bigint;
BEGIN
    INSERT INTO "public"."orders" AS b ("usr_id", "stat_cd")
    VALUES (NEW."customer_id",
            CASE WHEN NEW."fulfillment_status" IS NOT NULL THEN CASE NEW."fulfillment_status" WHEN 'pending' THEN '1'::integer WHEN 'shipped' THEN '5'::integer WHEN 'cancelled' THEN '9'::integer ELSE pgmoat.refuse_value('orders', 'fulfillment_status', NEW."fulfillment_status", ARRAY['pending', 'shipped', 'cancelled'])::integer END END)
    RETURNING "b"."id",
              "b"."usr_id",
              CASE "b"."stat_cd" WHEN '1'::integer THEN 'pending' WHEN '5'::integer THEN 'shipped' WHEN '9'::integer THEN 'cancelled' END,
              "b"."upd_ts"
         INTO NEW."id", NEW."customer_id", NEW."fulfillment_status", NEW."last_modified_at";
    IF NOT FOUND THEN
        RETURN NULL; -- a trigger of people's own took the row away
    END IF;
    INSERT INTO pgmoat.change (entity, operation, after)
    VALUES ('orders', 'I', pg_catalog.to_jsonb(NEW)) RETURNING id INTO change_id;
    IF (change_id OPERATOR(pg_catalog.%) 64::bigint) = 0::bigint OR change_id > COALESCE(NULLIF(pg_catalog.current_setting('pgmoat.stop_at', true), ''), '0')::bigint THEN
        PERFORM pgmoat.count_rows(change_id);
    END IF;
    RETURN NEW;
END
$body$;

-- function pgmoat_write.orders_update()
-- as pgmoat_writer
CREATE OR REPLACE FUNCTION "pgmoat_write"."orders_update"()
RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, "public", pg_temp
SET TimeZone = 'UTC'
AS $body$
DECLARE
    change_id bigint;
BEGIN
    UPDATE "public"."orders" AS b
       SET "stat_cd" = CASE WHEN NEW."fulfillment_status" IS NOT DISTINCT FROM OLD."fulfillment_status" THEN "b"."stat_cd" ELSE CASE WHEN NEW."fulfillment_status" IS NOT NULL THEN CASE NEW."fulfillment_status" WHEN 'pending' THEN '1'::integer WHEN 'shipped' THEN '5'::integer WHEN 'cancelled' THEN '9'::integer ELSE pgmoat.refuse_value('orders', 'fulfillment_status', NEW."fulfillment_status", ARRAY['pending', 'shipped', 'cancelled'])::integer END END END
     WHERE "b"."id" OPERATOR(pg_catalog.=) OLD."id"
       AND b."deleted_at" IS NULL
       AND "b"."usr_id" IS NOT DISTINCT FROM OLD."customer_id"
       AND CASE "b"."stat_cd" WHEN '1'::integer THEN 'pending' WHEN '5'::integer THEN 'shipped' WHEN '9'::integer THEN 'cancelled' END IS NOT DISTINCT FROM OLD."fulfillment_status"
       AND "b"."upd_ts" IS NOT DISTINCT FROM OLD."last_modified_at"
    RETURNING "b"."id",
              "b"."usr_id",
              CASE "b"."stat_cd" WHEN '1'::integer THEN 'pending' WHEN '5'::integer THEN 'shipped' WHEN '9'::integer THEN 'cancelled' END,
              "b"."upd_ts"
         INTO NEW."id", NEW."customer_id", NEW."fulfillment_status", NEW."last_modified_at";
    IF NOT FOUND THEN
        PERFORM FROM "public"."orders" AS b WHERE "b"."id" OPERATOR(pg_catalog.=) OLD."id"
       AND b."deleted_at" IS NULL
       AND "b"."usr_id" IS NOT DISTINCT FROM OLD."customer_id"
       AND CASE "b"."stat_cd" WHEN '1'::integer THEN 'pending' WHEN '5'::integer THEN 'shipped' WHEN '9'::integer THEN 'cancelled' END IS NOT DISTINCT FROM OLD."fulfillment_status"
       AND "b"."upd_ts" IS NOT DISTINCT FROM OLD."last_modified_at";
        IF FOUND THEN
            RETURN NULL; -- a trigger of people's own took the update away
        END IF;
        PERFORM pgmoat.refuse_moved('orders', pg_catalog.jsonb_build_object('id', OLD."id"));
    END IF;
    INSERT INTO pgmoat.change (entity, operation, before, after)
    VALUES ('orders', 'U', pg_catalog.to_jsonb(OLD), pg_catalog.to_jsonb(NEW)) RETURNING id INTO change_id;
    IF (change_id OPERATOR(pg_catalog.%) 64::bigint) = 0::bigint OR change_id > COALESCE(NULLIF(pg_catalog.current_setting('pgmoat.stop_at', true), ''), '0')::bigint THEN
        PERFORM pgmoat.count_rows(change_id);
    END IF;
    RETURN NEW;
END
$body$;

-- function pgmoat_write.orders_delete()
-- as pgmoat_writer
CREATE OR REPLACE FUNCTION "pgmoat_write"."orders_delete"()
RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, "public", pg_temp
SET TimeZone = 'UTC'
AS $body$
DECLARE
    change_id bigint;
BEGIN
    IF NULLIF(pg_catalog.current_setting('pgmoat.reason', true), '') IS NULL THEN
        PERFORM pgmoat.refuse_delete('orders');
    END IF;

    UPDATE "public"."orders" AS b
       SET "deleted_at" = pg_catalog.now(),
           "deleted_by" = (SELECT a.identity FROM pgmoat.agent AS a WHERE a.role = session_user),
           "delete_reason" = NULLIF(pg_catalog.left(pg_catalog.current_setting('pgmoat.reason', true), 2000), '')
     WHERE "b"."id" OPERATOR(pg_catalog.=) OLD."id"
       AND b."deleted_at" IS NULL
       AND "b"."usr_id" IS NOT DISTINCT FROM OLD."customer_id"
       AND CASE "b"."stat_cd" WHEN '1'::integer THEN 'pending' WHEN '5'::integer THEN 'shipped' WHEN '9'::integer THEN 'cancelled' END IS NOT DISTINCT FROM OLD."fulfillment_status"
       AND "b"."upd_ts" IS NOT DISTINCT FROM OLD."last_modified_at";
    IF NOT FOUND THEN
        PERFORM FROM "public"."orders" AS b WHERE "b"."id" OPERATOR(pg_catalog.=) OLD."id"
       AND b."deleted_at" IS NULL
       AND "b"."usr_id" IS NOT DISTINCT FROM OLD."customer_id"
       AND CASE "b"."stat_cd" WHEN '1'::integer THEN 'pending' WHEN '5'::integer THEN 'shipped' WHEN '9'::integer THEN 'cancelled' END IS NOT DISTINCT FROM OLD."fulfillment_status"
       AND "b"."upd_ts" IS NOT DISTINCT FROM OLD."last_modified_at";
        IF FOUND THEN
            RETURN NULL; -- a trigger of people's own took the update away
        END IF;
        PERFORM pgmoat.refuse_moved('orders', pg_catalog.jsonb_build_object('id', OLD."id"));
    END IF;
    INSERT INTO pgmoat.change (entity, operation, before, reason)
    VALUES ('orders', 'D', pg_catalog.to_jsonb(OLD),
            NULLIF(pg_catalog.left(pg_catalog.current_setting('pgmoat.reason', true), 2000), '')) RETURNING id INTO change_id;
    IF (change_id OPERATOR(pg_catalog.%) 64::bigint) = 0::bigint OR change_id > COALESCE(NULLIF(pg_catalog.current_setting('pgmoat.stop_at', true), ''), '0')::bigint THEN
        PERFORM pgmoat.count_rows(change_id);
    END IF;
    RETURN OLD;
END
$body$;

-- view agent.orders
CREATE VIEW "agent"."orders" AS
SELECT "b"."id" AS "id",
       "b"."usr_id" AS "customer_id",
       "m3".word AS "fulfillment_status",
       "b"."upd_ts" AS "last_modified_at"
  FROM "public"."orders" AS b
  LEFT JOIN "pgmoat_map"."orders__fulfillment_status" AS "m3" ON "m3".code = "b"."stat_cd",
       pg_catalog.generate_series(1, 1) AS one
 WHERE "b"."deleted_at" IS NULL AND (SELECT pgmoat.gate('orders'));
COMMENT ON VIEW "agent"."orders" IS 'One row per customer order.';
COMMENT ON COLUMN "agent"."orders"."id" IS 'Number of the order.';
COMMENT ON COLUMN "agent"."orders"."customer_id" IS 'The customer who placed the order. References customers.';
COMMENT ON COLUMN "agent"."orders"."fulfillment_status" IS 'Where the order stands. One of: pending, shipped, cancelled.';
COMMENT ON COLUMN "agent"."orders"."last_modified_at" IS 'When it last changed.';
ALTER VIEW "agent"."orders" ALTER COLUMN "fulfillment_status" SET DEFAULT CASE (1) WHEN '1'::integer THEN 'pending' WHEN '5'::integer THEN 'shipped' WHEN '9'::integer THEN 'cancelled' END;
CREATE TRIGGER gate BEFORE INSERT ON "agent"."orders" FOR EACH STATEMENT EXECUTE FUNCTION pgmoat.before_insert();
CREATE TRIGGER "write_insert" INSTEAD OF INSERT ON "agent"."orders" FOR EACH ROW EXECUTE FUNCTION "pgmoat_write"."orders_insert"();
CREATE TRIGGER "write_update" INSTEAD OF UPDATE ON "agent"."orders" FOR EACH ROW EXECUTE FUNCTION "pgmoat_write"."orders_update"();
CREATE TRIGGER "write_delete" INSTEAD OF DELETE ON "agent"."orders" FOR EACH ROW EXECUTE FUNCTION "pgmoat_write"."orders_delete"();
CREATE TRIGGER record AFTER INSERT OR UPDATE OR DELETE ON "agent"."orders" FOR EACH STATEMENT EXECUTE FUNCTION pgmoat.after_write();
ALTER VIEW "agent"."orders" OWNER TO "pgmoat_views";

-- view public.active_orders
-- as the table's owner
CREATE OR REPLACE VIEW "public"."active_orders" WITH (security_invoker = true) AS
SELECT "b"."id", "b"."usr_id", "b"."stat_cd", "b"."flg_1", "b"."upd_ts"
  FROM "public"."orders" AS b
 WHERE b."deleted_at" IS NULL;
COMMENT ON VIEW "public"."active_orders" IS 'public.orders without soft-deleted rows; made by pgmoat.';

-- view agent.customers
CREATE VIEW "agent"."customers" AS
SELECT "b"."id" AS "id",
       "b"."nm" AS "name"
  FROM "public"."customers" AS b,
       pg_catalog.generate_series(1, 1) AS one
 WHERE (SELECT pgmoat.gate('customers'));
COMMENT ON VIEW "agent"."customers" IS 'One row per customer.';
COMMENT ON COLUMN "agent"."customers"."id" IS 'Number of the customer.';
COMMENT ON COLUMN "agent"."customers"."name" IS 'Full name.';
ALTER VIEW "agent"."customers" OWNER TO "pgmoat_views";

-- grants on entities and base tables
-- agent_analytics: SELECT ON "agent"."customers"
-- agent_analytics: SELECT (fulfillment_status) ON "agent"."orders"
-- agent_analytics: SELECT (id) ON "agent"."orders"
-- agent_fulfillment: DELETE ON "agent"."orders"
-- agent_fulfillment: INSERT (customer_id) ON "agent"."orders"
-- agent_fulfillment: INSERT (fulfillment_status) ON "agent"."orders"
-- agent_fulfillment: SELECT ON "agent"."orders"
-- agent_fulfillment: UPDATE (fulfillment_status) ON "agent"."orders"
-- pgmoat_views: SELECT ON "pgmoat_map"."orders__fulfillment_status"
-- pgmoat_views: SELECT (id) ON "public"."customers"
-- pgmoat_views: SELECT (nm) ON "public"."customers"
-- pgmoat_views: SELECT (deleted_at) ON "public"."orders"
-- pgmoat_views: SELECT (id) ON "public"."orders"
-- pgmoat_views: SELECT (stat_cd) ON "public"."orders"
-- pgmoat_views: SELECT (upd_ts) ON "public"."orders"
-- pgmoat_views: SELECT (usr_id) ON "public"."orders"
-- pgmoat_writer: INSERT (stat_cd) ON "public"."orders"
-- pgmoat_writer: INSERT (usr_id) ON "public"."orders"
-- pgmoat_writer: SELECT (deleted_at) ON "public"."orders"
-- pgmoat_writer: SELECT (id) ON "public"."orders"
-- pgmoat_writer: SELECT (stat_cd) ON "public"."orders"
-- pgmoat_writer: SELECT (upd_ts) ON "public"."orders"
-- pgmoat_writer: SELECT (usr_id) ON "public"."orders"
-- pgmoat_writer: UPDATE (delete_reason) ON "public"."orders"
-- pgmoat_writer: UPDATE (deleted_at) ON "public"."orders"
-- pgmoat_writer: UPDATE (deleted_by) ON "public"."orders"
-- pgmoat_writer: UPDATE (stat_cd) ON "public"."orders"
-- pgmoat_writer: USAGE ON public.orders_id_seq
