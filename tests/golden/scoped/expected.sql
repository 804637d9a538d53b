-- What this policy makes, apart from what every policy has. Made by test_golden.py.

-- column public.orders.deleted_at timestamp with time zone

-- column public.orders.deleted_by text

-- column public.orders.delete_reason text

-- table pgmoat_map.orders__status
-- as the table's owner
CREATE TABLE "pgmoat_map"."orders__status" (code integer PRIMARY KEY, word text NOT NULL UNIQUE);
INSERT INTO "pgmoat_map"."orders__status" (code, word) VALUES ('1'::integer, 'pending'), ('2'::integer, 'shipped');
ANALYZE "pgmoat_map"."orders__status";
ALTER TABLE "pgmoat_map"."orders__status" OWNER TO "pgmoat_owner";

-- function pgmoat_write.orders_insert()
-- as pgmoat_writer
CREATE OR REPLACE FUNCTION "pgmoat_write"."orders_insert"()
RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, "public", pg_temp
AS $body$
#variable_conflict use_variable
DECLARE
    change_id bigint;
    "scope1" pg_catalog.int8[] := pgmoat.scope('customer_id')::pg_catalog.int8[];
    "scope2" text[] := pgmoat.scope('tenant')::text[];
    is_in_scope boolean;
BEGIN
    IF (NEW."customer_id" OPERATOR(pg_catalog.=) ANY ("scope1")) IS NOT TRUE THEN
        PERFORM pgmoat.refuse_row('orders', ARRAY['customer_id']);
    END IF;
    BEGIN
    INSERT INTO "public"."orders" AS b ("usr_id")
    VALUES (NEW."customer_id")
    RETURNING "b"."id",
              "b"."usr_id",
              CASE "b"."stat_cd" WHEN '1'::integer THEN 'pending' WHEN '2'::integer THEN 'shipped' END,
              "b"."usr_id" OPERATOR(pg_catalog.=) ANY ("scope1")
       AND "b"."tenant"::text OPERATOR(pg_catalog.=) ANY ("scope2")
         INTO NEW."id", NEW."customer_id", NEW."status", is_in_scope;
    EXCEPTION WHEN integrity_constraint_violation THEN
        PERFORM pgmoat.refuse_constraint(SQLERRM, SQLSTATE);
    END;
    IF NOT FOUND THEN
        RETURN NULL; -- a trigger of people's own took the row away
    END IF;
    IF is_in_scope IS NOT TRUE THEN
        PERFORM pgmoat.refuse_row('orders', ARRAY['customer_id', 'tenant']);
    END IF;
    INSERT INTO pgmoat.change (entity, operation, after, task_id)
    VALUES ('orders', 'I', pg_catalog.to_jsonb(NEW), (SELECT s.task_id FROM pgmoat.session_event() AS s)) RETURNING id INTO change_id;
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
AS $body$
#variable_conflict use_variable
DECLARE
    change_id bigint;
    "scope1" pg_catalog.int8[] := pgmoat.scope('customer_id')::pg_catalog.int8[];
    "scope2" text[] := pgmoat.scope('tenant')::text[];
    is_in_scope boolean;
BEGIN
    BEGIN
    UPDATE "public"."orders" AS b
       SET "stat_cd" = CASE WHEN NEW."status" IS NOT DISTINCT FROM OLD."status" THEN "b"."stat_cd" ELSE CASE WHEN NEW."status" IS NOT NULL THEN CASE NEW."status" WHEN 'pending' THEN '1'::integer WHEN 'shipped' THEN '2'::integer ELSE pgmoat.refuse_value('orders', 'status', NEW."status", ARRAY['pending', 'shipped'])::integer END END END
     WHERE "b"."id" OPERATOR(pg_catalog.=) OLD."id"
       AND b."deleted_at" IS NULL
       AND "b"."usr_id" IS NOT DISTINCT FROM OLD."customer_id"
       AND CASE "b"."stat_cd" WHEN '1'::integer THEN 'pending' WHEN '2'::integer THEN 'shipped' END IS NOT DISTINCT FROM OLD."status"
       AND "b"."usr_id" OPERATOR(pg_catalog.=) ANY ("scope1")
       AND "b"."tenant"::text OPERATOR(pg_catalog.=) ANY ("scope2")
    RETURNING "b"."id",
              "b"."usr_id",
              CASE "b"."stat_cd" WHEN '1'::integer THEN 'pending' WHEN '2'::integer THEN 'shipped' END,
              "b"."usr_id" OPERATOR(pg_catalog.=) ANY ("scope1")
       AND "b"."tenant"::text OPERATOR(pg_catalog.=) ANY ("scope2")
         INTO NEW."id", NEW."customer_id", NEW."status", is_in_scope;
    EXCEPTION WHEN integrity_constraint_violation THEN
        PERFORM pgmoat.refuse_constraint(SQLERRM, SQLSTATE);
    END;
    IF NOT FOUND THEN
        PERFORM FROM "public"."orders" AS b WHERE "b"."id" OPERATOR(pg_catalog.=) OLD."id"
       AND b."deleted_at" IS NULL
       AND "b"."usr_id" IS NOT DISTINCT FROM OLD."customer_id"
       AND CASE "b"."stat_cd" WHEN '1'::integer THEN 'pending' WHEN '2'::integer THEN 'shipped' END IS NOT DISTINCT FROM OLD."status"
       AND "b"."usr_id" OPERATOR(pg_catalog.=) ANY ("scope1")
       AND "b"."tenant"::text OPERATOR(pg_catalog.=) ANY ("scope2");
        IF FOUND THEN
            RETURN NULL; -- a trigger of people's own took the update away
        END IF;
        PERFORM pgmoat.refuse_moved('orders', pg_catalog.jsonb_build_object('id', OLD."id"));
    END IF;
    IF is_in_scope IS NOT TRUE THEN
        PERFORM pgmoat.refuse_row('orders', ARRAY['customer_id', 'tenant']);
    END IF;
    INSERT INTO pgmoat.change (entity, operation, before, after, task_id)
    VALUES ('orders', 'U', pg_catalog.to_jsonb(OLD), pg_catalog.to_jsonb(NEW), (SELECT s.task_id FROM pgmoat.session_event() AS s)) RETURNING id INTO change_id;
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
AS $body$
#variable_conflict use_variable
DECLARE
    change_id bigint;
    "scope1" pg_catalog.int8[] := pgmoat.scope('customer_id')::pg_catalog.int8[];
    "scope2" text[] := pgmoat.scope('tenant')::text[];
BEGIN
    BEGIN
    UPDATE "public"."orders" AS b
       SET "deleted_at" = pg_catalog.now(),
           "deleted_by" = (SELECT a.identity FROM pgmoat.agent AS a WHERE a.role = session_user),
           "delete_reason" = NULLIF(pg_catalog.left(pg_catalog.current_setting('pgmoat.reason', true), 2000), '')
     WHERE "b"."id" OPERATOR(pg_catalog.=) OLD."id"
       AND b."deleted_at" IS NULL
       AND "b"."usr_id" IS NOT DISTINCT FROM OLD."customer_id"
       AND CASE "b"."stat_cd" WHEN '1'::integer THEN 'pending' WHEN '2'::integer THEN 'shipped' END IS NOT DISTINCT FROM OLD."status"
       AND "b"."usr_id" OPERATOR(pg_catalog.=) ANY ("scope1")
       AND "b"."tenant"::text OPERATOR(pg_catalog.=) ANY ("scope2");
    EXCEPTION WHEN integrity_constraint_violation THEN
        PERFORM pgmoat.refuse_constraint(SQLERRM, SQLSTATE);
    END;
    IF NOT FOUND THEN
        PERFORM FROM "public"."orders" AS b WHERE "b"."id" OPERATOR(pg_catalog.=) OLD."id"
       AND b."deleted_at" IS NULL
       AND "b"."usr_id" IS NOT DISTINCT FROM OLD."customer_id"
       AND CASE "b"."stat_cd" WHEN '1'::integer THEN 'pending' WHEN '2'::integer THEN 'shipped' END IS NOT DISTINCT FROM OLD."status"
       AND "b"."usr_id" OPERATOR(pg_catalog.=) ANY ("scope1")
       AND "b"."tenant"::text OPERATOR(pg_catalog.=) ANY ("scope2");
        IF FOUND THEN
            RETURN NULL; -- a trigger of people's own took the update away
        END IF;
        PERFORM pgmoat.refuse_moved('orders', pg_catalog.jsonb_build_object('id', OLD."id"));
    END IF;
    INSERT INTO pgmoat.change (entity, operation, before, reason, task_id)
    VALUES ('orders', 'D', pg_catalog.to_jsonb(OLD),
            NULLIF(pg_catalog.left(pg_catalog.current_setting('pgmoat.reason', true), 2000), ''), (SELECT s.task_id FROM pgmoat.session_event() AS s)) RETURNING id INTO change_id;
    IF (change_id OPERATOR(pg_catalog.%) 64::bigint) = 0::bigint OR change_id > COALESCE(NULLIF(pg_catalog.current_setting('pgmoat.stop_at', true), ''), '0')::bigint THEN
        PERFORM pgmoat.count_rows(change_id);
    END IF;
    RETURN OLD;
END
$body$;

-- view agent.orders
CREATE VIEW "agent"."orders" WITH (security_barrier = true) AS
WITH task_scope AS MATERIALIZED (SELECT pgmoat.scope('customer_id')::pg_catalog.int8[] AS "scope1", pgmoat.scope('tenant')::text[] AS "scope2")
SELECT "b"."id" AS "id",
       "b"."usr_id" AS "customer_id",
       "m3".word AS "status"
  FROM "public"."orders" AS b
  LEFT JOIN "pgmoat_map"."orders__status" AS "m3" ON "m3".code = "b"."stat_cd",
       pg_catalog.generate_series(1, 1) AS one
 WHERE "b"."deleted_at" IS NULL AND "b"."usr_id" OPERATOR(pg_catalog.=) ANY ((SELECT "task_scope"."scope1" FROM task_scope)::pg_catalog.int8[])
       AND "b"."tenant"::text OPERATOR(pg_catalog.=) ANY ((SELECT "task_scope"."scope2" FROM task_scope)::text[])
   AND (SELECT "task_scope"."scope1" IS NOT NULL AND "task_scope"."scope2" IS NOT NULL FROM task_scope) AND (SELECT pgmoat.gate('orders'))
OFFSET 0;
COMMENT ON VIEW "agent"."orders" IS 'One row per customer order.';
COMMENT ON COLUMN "agent"."orders"."status" IS 'One of: pending, shipped.';
CREATE TRIGGER gate BEFORE INSERT ON "agent"."orders" FOR EACH STATEMENT EXECUTE FUNCTION pgmoat.before_insert();
CREATE TRIGGER "write_insert" INSTEAD OF INSERT ON "agent"."orders" FOR EACH ROW EXECUTE FUNCTION "pgmoat_write"."orders_insert"();
CREATE TRIGGER "write_update" INSTEAD OF UPDATE ON "agent"."orders" FOR EACH ROW EXECUTE FUNCTION "pgmoat_write"."orders_update"();
CREATE TRIGGER "write_delete" INSTEAD OF DELETE ON "agent"."orders" FOR EACH ROW EXECUTE FUNCTION "pgmoat_write"."orders_delete"();
CREATE TRIGGER record AFTER INSERT OR UPDATE OR DELETE ON "agent"."orders" FOR EACH STATEMENT EXECUTE FUNCTION pgmoat.after_write();
ALTER VIEW "agent"."orders" OWNER TO "pgmoat_views";

-- function agent.orders_hidden(jsonb)
-- as pgmoat_views
CREATE OR REPLACE FUNCTION "agent"."orders_hidden"(conditions jsonb)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $body$
#variable_conflict use_variable
DECLARE
    tests text := '';
    column_name text;
    test text;
    counted integer;
    counts jsonb := '{}';
    "scope1" pg_catalog.int8[] := pgmoat.scope('customer_id')::pg_catalog.int8[];
    "scope2" text[] := pgmoat.scope('tenant')::text[];
BEGIN
    PERFORM pgmoat.gate('orders');
    IF jsonb_typeof(conditions) IS DISTINCT FROM 'object' THEN
        PERFORM pgmoat.count_refusal('PM034');
        RAISE EXCEPTION 'pgmoat: the conditions are an object of columns and values'
            USING ERRCODE = 'PM034', HINT = 'Give a JSON object: column to value.';
    END IF;
    FOR column_name IN SELECT jsonb_object_keys(conditions) LOOP
        test := CASE column_name
                WHEN 'id' THEN CASE jsonb_typeof(conditions -> column_name) WHEN 'null' THEN '"b"."id" IS NULL' ELSE '"b"."id" OPERATOR(pg_catalog.=) ($1::jsonb ->> ''id'')::pg_catalog.int8' END
                WHEN 'customer_id' THEN CASE jsonb_typeof(conditions -> column_name) WHEN 'null' THEN '"b"."usr_id" IS NULL' ELSE '"b"."usr_id" OPERATOR(pg_catalog.=) ($1::jsonb ->> ''customer_id'')::pg_catalog.int8' END
                WHEN 'status' THEN CASE jsonb_typeof(conditions -> column_name) WHEN 'null' THEN 'NOT EXISTS (SELECT FROM "pgmoat_map"."orders__status" AS m WHERE m.code::text = "b"."stat_cd"::text)' ELSE 'EXISTS (SELECT FROM "pgmoat_map"."orders__status" AS m WHERE m.word = ($1::jsonb ->> ''status'') AND m.code::text = "b"."stat_cd"::text)' END
                END;
        IF test IS NULL OR NOT has_column_privilege(session_user, '"agent"."orders"', column_name, 'SELECT') THEN
            PERFORM pgmoat.count_refusal('PM034');
            RAISE EXCEPTION 'pgmoat: entity % has no column % that % may select', 'orders', column_name, session_user
                USING ERRCODE = 'PM034', HINT = 'Compare columns that the policy lets this agent read.';
        END IF;
        IF jsonb_typeof(conditions -> column_name) IN ('object', 'array') THEN
            PERFORM pgmoat.count_refusal('PM034');
            RAISE EXCEPTION 'pgmoat: a condition compares column % with one value', column_name
                USING ERRCODE = 'PM034', HINT = 'Give a text, a number, true, false or null.';
        END IF;
        tests := tests || ' AND ' || test;
    END LOOP;
    EXECUTE 'SELECT pg_catalog.count(*)::integer FROM (SELECT FROM "public"."orders" AS b WHERE "b"."deleted_at" IS NOT NULL AND ("b"."usr_id" OPERATOR(pg_catalog.=) ANY ($2)
       AND "b"."tenant"::text OPERATOR(pg_catalog.=) ANY ($3)) IS TRUE' || tests || ' LIMIT 100) AS hidden' INTO counted USING conditions, "scope1", "scope2";
    counts := counts || jsonb_build_object('deleted', counted);
    EXECUTE 'SELECT pg_catalog.count(*)::integer FROM (SELECT FROM "public"."orders" AS b WHERE "b"."deleted_at" IS NULL AND ("b"."usr_id" OPERATOR(pg_catalog.=) ANY ($2)
       AND "b"."tenant"::text OPERATOR(pg_catalog.=) ANY ($3)) IS NOT TRUE' || tests || ' LIMIT 100) AS hidden' INTO counted USING conditions, "scope1", "scope2";
    counts := counts || jsonb_build_object('out_of_scope', counted);
    RETURN counts;
END
$body$;
COMMENT ON FUNCTION "agent"."orders_hidden"(jsonb) IS 'Counts rows of orders that the caller does not see: deleted, out_of_scope.';

-- function pgmoat_write.items_insert()
-- as pgmoat_writer
CREATE OR REPLACE FUNCTION "pgmoat_write"."items_insert"()
RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, "public", pg_temp
AS $body$
#variable_conflict use_variable
DECLARE
    change_id bigint;
    "scope1" pg_catalog.int8[] := pgmoat.scope('customer_id')::pg_catalog.int8[];
    "scope2" text[] := pgmoat.scope('tenant')::text[];
    is_in_scope boolean;
BEGIN
    IF (EXISTS (SELECT FROM "public"."orders" AS "r1" WHERE "r1"."id" OPERATOR(pg_catalog.=) NEW."order_id" AND "r1"."usr_id" OPERATOR(pg_catalog.=) ANY ("scope1") AND "r1"."tenant"::text OPERATOR(pg_catalog.=) ANY ("scope2") AND "r1"."deleted_at" IS NULL)) IS NOT TRUE THEN
        PERFORM pgmoat.refuse_row('items', ARRAY['order_id']);
    END IF;
    BEGIN
    INSERT INTO "public"."order_items" AS b ("ord_id", "sku")
    VALUES (NEW."order_id",
            NEW."sku")
    RETURNING "b"."id",
              "b"."ord_id",
              "b"."sku",
              EXISTS (SELECT FROM "public"."orders" AS "r1" WHERE "r1"."id" OPERATOR(pg_catalog.=) "b"."ord_id" AND "r1"."usr_id" OPERATOR(pg_catalog.=) ANY ("scope1") AND "r1"."tenant"::text OPERATOR(pg_catalog.=) ANY ("scope2") AND "r1"."deleted_at" IS NULL)
         INTO NEW."id", NEW."order_id", NEW."sku", is_in_scope;
    EXCEPTION WHEN integrity_constraint_violation THEN
        PERFORM pgmoat.refuse_constraint(SQLERRM, SQLSTATE);
    END;
    IF NOT FOUND THEN
        RETURN NULL; -- a trigger of people's own took the row away
    END IF;
    IF is_in_scope IS NOT TRUE THEN
        PERFORM pgmoat.refuse_row('items', ARRAY['order_id']);
    END IF;
    INSERT INTO pgmoat.change (entity, operation, after, task_id)
    VALUES ('items', 'I', pg_catalog.to_jsonb(NEW), (SELECT s.task_id FROM pgmoat.session_event() AS s)) RETURNING id INTO change_id;
    IF (change_id OPERATOR(pg_catalog.%) 64::bigint) = 0::bigint OR change_id > COALESCE(NULLIF(pg_catalog.current_setting('pgmoat.stop_at', true), ''), '0')::bigint THEN
        PERFORM pgmoat.count_rows(change_id);
    END IF;
    RETURN NEW;
END
$body$;

-- view agent.items
CREATE VIEW "agent"."items" WITH (security_barrier = true) AS
WITH task_scope AS MATERIALIZED (SELECT pgmoat.scope('customer_id')::pg_catalog.int8[] AS "scope1", pgmoat.scope('tenant')::text[] AS "scope2")
SELECT "b"."id" AS "id",
       "b"."ord_id" AS "order_id",
       "b"."sku" AS "sku"
  FROM "public"."order_items" AS b,
       pg_catalog.generate_series(1, 1) AS one
 WHERE EXISTS (SELECT FROM "public"."orders" AS "r1" WHERE "r1"."id" OPERATOR(pg_catalog.=) "b"."ord_id" AND "r1"."usr_id" OPERATOR(pg_catalog.=) ANY ((SELECT "task_scope"."scope1" FROM task_scope)::pg_catalog.int8[]) AND "r1"."tenant"::text OPERATOR(pg_catalog.=) ANY ((SELECT "task_scope"."scope2" FROM task_scope)::text[]) AND "r1"."deleted_at" IS NULL)
   AND (SELECT "task_scope"."scope1" IS NOT NULL AND "task_scope"."scope2" IS NOT NULL FROM task_scope) AND (SELECT pgmoat.gate('items'))
OFFSET 0;
COMMENT ON VIEW "agent"."items" IS 'What was ordered.';
COMMENT ON COLUMN "agent"."items"."order_id" IS 'References orders.';
CREATE TRIGGER gate BEFORE INSERT ON "agent"."items" FOR EACH STATEMENT EXECUTE FUNCTION pgmoat.before_insert();
CREATE TRIGGER "write_insert" INSTEAD OF INSERT ON "agent"."items" FOR EACH ROW EXECUTE FUNCTION "pgmoat_write"."items_insert"();
CREATE TRIGGER record AFTER INSERT ON "agent"."items" FOR EACH STATEMENT EXECUTE FUNCTION pgmoat.after_write();
ALTER VIEW "agent"."items" OWNER TO "pgmoat_views";

-- grants on entities and base tables
-- agent_support: INSERT (order_id) ON "agent"."items"
-- agent_support: INSERT (sku) ON "agent"."items"
-- agent_support: SELECT ON "agent"."items"
-- agent_support: DELETE ON "agent"."orders"
-- agent_support: INSERT (customer_id) ON "agent"."orders"
-- agent_support: SELECT ON "agent"."orders"
-- agent_support: UPDATE (status) ON "agent"."orders"
-- pgmoat_views: SELECT ON "pgmoat_map"."orders__status"
-- pgmoat_views: SELECT (id) ON "public"."order_items"
-- pgmoat_views: SELECT (ord_id) ON "public"."order_items"
-- pgmoat_views: SELECT (sku) ON "public"."order_items"
-- pgmoat_views: SELECT (deleted_at) ON "public"."orders"
-- pgmoat_views: SELECT (id) ON "public"."orders"
-- pgmoat_views: SELECT (stat_cd) ON "public"."orders"
-- pgmoat_views: SELECT (tenant) ON "public"."orders"
-- pgmoat_views: SELECT (usr_id) ON "public"."orders"
-- pgmoat_writer: INSERT (ord_id) ON "public"."order_items"
-- pgmoat_writer: INSERT (sku) ON "public"."order_items"
-- pgmoat_writer: SELECT (id) ON "public"."order_items"
-- pgmoat_writer: SELECT (ord_id) ON "public"."order_items"
-- pgmoat_writer: SELECT (sku) ON "public"."order_items"
-- pgmoat_writer: INSERT (usr_id) ON "public"."orders"
-- pgmoat_writer: SELECT (deleted_at) ON "public"."orders"
-- pgmoat_writer: SELECT (id) ON "public"."orders"
-- pgmoat_writer: SELECT (stat_cd) ON "public"."orders"
-- pgmoat_writer: SELECT (tenant) ON "public"."orders"
-- pgmoat_writer: SELECT (usr_id) ON "public"."orders"
-- pgmoat_writer: UPDATE (delete_reason) ON "public"."orders"
-- pgmoat_writer: UPDATE (deleted_at) ON "public"."orders"
-- pgmoat_writer: UPDATE (deleted_by) ON "public"."orders"
-- pgmoat_writer: UPDATE (stat_cd) ON "public"."orders"
-- pgmoat_writer: USAGE ON public.order_items_id_seq
-- pgmoat_writer: USAGE ON public.orders_id_seq
