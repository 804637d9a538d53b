-- What this policy makes, apart from what every policy has. Made by test_golden.py.

-- table pgmoat_map.odd__feeling
-- as the table's owner
CREATE TABLE "pgmoat_map"."odd__feeling" (code public.mood PRIMARY KEY, word text NOT NULL UNIQUE);
INSERT INTO "pgmoat_map"."odd__feeling" (code, word) VALUES ('sad'::public.mood, 'unhappy'), ('ok'::public.mood, 'fine');
ANALYZE "pgmoat_map"."odd__feeling";
ALTER TABLE "pgmoat_map"."odd__feeling" OWNER TO "pgmoat_owner";

-- function pgmoat_write.odd_insert()
-- as pgmoat_writer
CREATE OR REPLACE FUNCTION "pgmoat_write"."odd_insert"()
RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, "public", pg_temp
SET TimeZone = 'UTC'
SET "extra_float_digits" = '1'
SET "datestyle" = 'ISO, YMD'
SET "intervalstyle" = 'postgres'
SET "bytea_output" = 'hex'
SET "xmlbinary" = 'base64'
SET "quote_all_identifiers" = 'off'
AS $body$
DECLARE
    change_id bigint;
BEGIN
    INSERT INTO "public"."Odd Table" AS b ("Key A", "order", "payload", "price", "ratio", "feeling", "seq")
    VALUES (NEW."key_a",
            NEW."position",
            NEW."payload",
            NEW."price",
            NEW."ratio",
            CASE WHEN NEW."feeling" IS NOT NULL THEN CASE NEW."feeling" WHEN 'unhappy' THEN 'sad'::public.mood WHEN 'fine' THEN 'ok'::public.mood ELSE pgmoat.refuse_value('odd', 'feeling', NEW."feeling", ARRAY['unhappy', 'fine'])::public.mood END END,
            COALESCE(NEW."seq", nextval('public."Odd Table_seq_seq"'::regclass)))
    RETURNING "b"."Key A",
              "b"."order",
              "b"."payload",
              "b"."price",
              "b"."ratio",
              CASE "b"."feeling"::text WHEN 'sad' THEN 'unhappy' WHEN 'ok' THEN 'fine' END,
              "b"."seq",
              "b"."doubled"
         INTO NEW."key_a", NEW."position", NEW."payload", NEW."price", NEW."ratio", NEW."feeling", NEW."seq", NEW."doubled";
    IF NOT FOUND THEN
        RETURN NULL; -- a trigger of people's own took the row away
    END IF;
    INSERT INTO pgmoat.change (entity, operation, after)
    VALUES ('odd', 'I', pg_catalog.to_jsonb(NEW)) RETURNING id INTO change_id;
    IF (change_id OPERATOR(pg_catalog.%) 64::bigint) = 0::bigint OR change_id > COALESCE(NULLIF(pg_catalog.current_setting('pgmoat.stop_at', true), ''), '0')::bigint THEN
        PERFORM pgmoat.count_rows(change_id);
    END IF;
    RETURN NEW;
END
$body$;

-- function pgmoat_write.odd_update()
-- as pgmoat_writer
CREATE OR REPLACE FUNCTION "pgmoat_write"."odd_update"()
RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, "public", pg_temp
SET TimeZone = 'UTC'
SET "extra_float_digits" = '1'
SET "datestyle" = 'ISO, YMD'
SET "intervalstyle" = 'postgres'
SET "bytea_output" = 'hex'
SET "xmlbinary" = 'base64'
SET "quote_all_identifiers" = 'off'
AS $body$
DECLARE
    change_id bigint;
BEGIN
    UPDATE "public"."Odd Table" AS b
       SET "payload" = NEW."payload",
           "price" = NEW."price",
           "ratio" = NEW."ratio",
           "feeling" = CASE WHEN NEW."feeling" IS NOT DISTINCT FROM OLD."feeling" THEN "b"."feeling" ELSE CASE WHEN NEW."feeling" IS NOT NULL THEN CASE NEW."feeling" WHEN 'unhappy' THEN 'sad'::public.mood WHEN 'fine' THEN 'ok'::public.mood ELSE pgmoat.refuse_value('odd', 'feeling', NEW."feeling", ARRAY['unhappy', 'fine'])::public.mood END END END,
           "seq" = NEW."seq"
     WHERE "b"."Key A" OPERATOR(pg_catalog.=) OLD."key_a"
       AND "b"."order" OPERATOR(pg_catalog.=) OLD."position"
       AND "b"."payload"::text IS NOT DISTINCT FROM OLD."payload"::text
       AND "b"."price" IS NOT DISTINCT FROM OLD."price"
       AND "b"."ratio" IS NOT DISTINCT FROM OLD."ratio"
       AND CASE "b"."feeling"::text WHEN 'sad' THEN 'unhappy' WHEN 'ok' THEN 'fine' END IS NOT DISTINCT FROM OLD."feeling"
       AND "b"."seq" IS NOT DISTINCT FROM OLD."seq"
       AND "b"."doubled" IS NOT DISTINCT FROM OLD."doubled"
    RETURNING "b"."Key A",
              "b"."order",
              "b"."payload",
              "b"."price",
              "b"."ratio",
              CASE "b"."feeling"::text WHEN 'sad' THEN 'unhappy' WHEN 'ok' THEN 'fine' END,
              "b"."seq",
              "b"."doubled"
         INTO NEW."key_a", NEW."position", NEW."payload", NEW."price", NEW."ratio", NEW."feeling", NEW."seq", NEW."doubled";
    IF NOT FOUND THEN
        PERFORM FROM "public"."Odd Table" AS b WHERE "b"."Key A" OPERATOR(pg_catalog.=) OLD."key_a"
       AND "b"."order" OPERATOR(pg_catalog.=) OLD."position"
       AND "b"."payload"::text IS NOT DISTINCT FROM OLD."payload"::text
       AND "b"."price" IS NOT DISTINCT FROM OLD."price"
       AND "b"."ratio" IS NOT DISTINCT FROM OLD."ratio"
       AND CASE "b"."feeling"::text WHEN 'sad' THEN 'unhappy' WHEN 'ok' THEN 'fine' END IS NOT DISTINCT FROM OLD."feeling"
       AND "b"."seq" IS NOT DISTINCT FROM OLD."seq"
       AND "b"."doubled" IS NOT DISTINCT FROM OLD."doubled";
        IF FOUND THEN
            RETURN NULL; -- a trigger of people's own took the update away
        END IF;
        PERFORM pgmoat.refuse_moved('odd', pg_catalog.jsonb_build_object('key_a', OLD."key_a", 'position', OLD."position"));
    END IF;
    INSERT INTO pgmoat.change (entity, operation, before, after)
    VALUES ('odd', 'U', pg_catalog.to_jsonb(OLD), pg_catalog.to_jsonb(NEW)) RETURNING id INTO change_id;
    IF (change_id OPERATOR(pg_catalog.%) 64::bigint) = 0::bigint OR change_id > COALESCE(NULLIF(pg_catalog.current_setting('pgmoat.stop_at', true), ''), '0')::bigint THEN
        PERFORM pgmoat.count_rows(change_id);
    END IF;
    RETURN NEW;
END
$body$;

-- view agent.odd
CREATE VIEW "agent"."odd" AS
SELECT "b"."Key A" AS "key_a",
       "b"."order" AS "position",
       "b"."payload" AS "payload",
       "b"."price" AS "price",
       "b"."ratio" AS "ratio",
       "m6".word AS "feeling",
       "b"."seq" AS "seq",
       "b"."doubled" AS "doubled"
  FROM "public"."Odd Table" AS b
  LEFT JOIN "pgmoat_map"."odd__feeling" AS "m6" ON "m6".code = "b"."feeling",
       pg_catalog.generate_series(1, 1) AS one
 WHERE (SELECT pgmoat.gate('odd'));
COMMENT ON VIEW "agent"."odd" IS '';
COMMENT ON COLUMN "agent"."odd"."feeling" IS 'One of: unhappy, fine.';
CREATE TRIGGER gate BEFORE INSERT ON "agent"."odd" FOR EACH STATEMENT EXECUTE FUNCTION pgmoat.before_insert();
CREATE TRIGGER "write_insert" INSTEAD OF INSERT ON "agent"."odd" FOR EACH ROW EXECUTE FUNCTION "pgmoat_write"."odd_insert"();
CREATE TRIGGER "write_update" INSTEAD OF UPDATE ON "agent"."odd" FOR EACH ROW EXECUTE FUNCTION "pgmoat_write"."odd_update"();
CREATE TRIGGER record AFTER INSERT OR UPDATE ON "agent"."odd" FOR EACH STATEMENT EXECUTE FUNCTION pgmoat.after_write();
ALTER VIEW "agent"."odd" OWNER TO "pgmoat_views";

-- grants on entities and base tables
-- agent_clerk: INSERT (feeling) ON "agent"."odd"
-- agent_clerk: INSERT (key_a) ON "agent"."odd"
-- agent_clerk: INSERT (payload) ON "agent"."odd"
-- agent_clerk: INSERT (position) ON "agent"."odd"
-- agent_clerk: INSERT (price) ON "agent"."odd"
-- agent_clerk: INSERT (ratio) ON "agent"."odd"
-- agent_clerk: INSERT (seq) ON "agent"."odd"
-- agent_clerk: SELECT ON "agent"."odd"
-- agent_clerk: UPDATE (feeling) ON "agent"."odd"
-- agent_clerk: UPDATE (payload) ON "agent"."odd"
-- agent_clerk: UPDATE (price) ON "agent"."odd"
-- agent_clerk: UPDATE (ratio) ON "agent"."odd"
-- agent_clerk: UPDATE (seq) ON "agent"."odd"
-- pgmoat_views: SELECT ON "pgmoat_map"."odd__feeling"
-- pgmoat_views: SELECT (Key A) ON "public"."Odd Table"
-- pgmoat_views: SELECT (doubled) ON "public"."Odd Table"
-- pgmoat_views: SELECT (feeling) ON "public"."Odd Table"
-- pgmoat_views: SELECT (order) ON "public"."Odd Table"
-- pgmoat_views: SELECT (payload) ON "public"."Odd Table"
-- pgmoat_views: SELECT (price) ON "public"."Odd Table"
-- pgmoat_views: SELECT (ratio) ON "public"."Odd Table"
-- pgmoat_views: SELECT (seq) ON "public"."Odd Table"
-- pgmoat_writer: INSERT (Key A) ON "public"."Odd Table"
-- pgmoat_writer: INSERT (feeling) ON "public"."Odd Table"
-- pgmoat_writer: INSERT (order) ON "public"."Odd Table"
-- pgmoat_writer: INSERT (payload) ON "public"."Odd Table"
-- pgmoat_writer: INSERT (price) ON "public"."Odd Table"
-- pgmoat_writer: INSERT (ratio) ON "public"."Odd Table"
-- pgmoat_writer: INSERT (seq) ON "public"."Odd Table"
-- pgmoat_writer: SELECT (Key A) ON "public"."Odd Table"
-- pgmoat_writer: SELECT (doubled) ON "public"."Odd Table"
-- pgmoat_writer: SELECT (feeling) ON "public"."Odd Table"
-- pgmoat_writer: SELECT (order) ON "public"."Odd Table"
-- pgmoat_writer: SELECT (payload) ON "public"."Odd Table"
-- pgmoat_writer: SELECT (price) ON "public"."Odd Table"
-- pgmoat_writer: SELECT (ratio) ON "public"."Odd Table"
-- pgmoat_writer: SELECT (seq) ON "public"."Odd Table"
-- pgmoat_writer: UPDATE (feeling) ON "public"."Odd Table"
-- pgmoat_writer: UPDATE (payload) ON "public"."Odd Table"
-- pgmoat_writer: UPDATE (price) ON "public"."Odd Table"
-- pgmoat_writer: UPDATE (ratio) ON "public"."Odd Table"
-- pgmoat_writer: UPDATE (seq) ON "public"."Odd Table"
-- pgmoat_writer: USAGE ON public."Odd Table_seq_seq"
