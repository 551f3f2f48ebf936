-- pgadvisor: migration.down.sql
-- Takes back migration.up.sql.
-- Run it with: psql -X -v ON_ERROR_STOP=1 -f migration.down.sql
-- Never with -1 (--single-transaction): CONCURRENTLY cannot run in a transaction.
-- If a step fails for want of a lock (55P03), run the file again: indexes
-- that exist already are left as they are, and one that is not valid is reported.

SET client_encoding = 'UTF8';

-- 1 of 9: Take back: Set storage parameters of public.orders
-- Lock: SHARE UPDATE EXCLUSIVE.
BEGIN;
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
ALTER TABLE "public"."orders" RESET (autovacuum_vacuum_scale_factor);
COMMIT;

-- 2 of 9: Take back: Drop the index public.we"ird ; DROP TABLE x; --
-- Lock: SHARE UPDATE EXCLUSIVE.
SET lock_timeout = 0;
SET statement_timeout = 0;
CREATE INDEX CONCURRENTLY IF NOT EXISTS U&"we""ird\000a; DROP TABLE x; --" ON public.orders USING btree (note);
-- Fails when the index is not valid.
SELECT CASE WHEN count(*) = 1 THEN 'valid' ELSE CAST(CAST(concat(E'index public.we"ird\u000a; DROP TABLE x; -- is not valid: drop it with DROP INDEX CONCURRENTLY, then run its step again', '; valid: ', count(*)) AS integer) AS text) END AS index_state FROM pg_catalog.pg_index WHERE indisvalid AND indexrelid = CAST(E'"public"."we""ird\u000a; DROP TABLE x; --"' AS pg_catalog.regclass);

-- 3 of 9: Take back: Make a primary key of public.tags out of its unique index
-- Lock: ACCESS EXCLUSIVE.
-- Once done it cannot be run again. Its index is not dropped, even if it has an equal.
SET lock_timeout = 0;
SET statement_timeout = 0;
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS tags_key ON public.tags USING btree (id);
BEGIN;
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
-- Only what the migration added is taken away.
-- squawk-ignore ban-drop-constraint
ALTER TABLE "public"."tags" DROP CONSTRAINT IF EXISTS "tags_pkey";
COMMIT;
-- Fails when the index is not valid.
SELECT CASE WHEN count(*) = 1 THEN 'valid' ELSE CAST(CAST(concat('index public.tags_key is not valid: drop it with DROP INDEX CONCURRENTLY, then run its step again', '; valid: ', count(*)) AS integer) AS text) END AS index_state FROM pg_catalog.pg_index WHERE indisvalid AND indexrelid = CAST('"public"."tags_key"' AS pg_catalog.regclass);

-- 4 of 9: Take back: Attach the index of public.events_2
-- Lock: ACCESS EXCLUSIVE.
BEGIN;
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
-- A partitioned index cannot be dropped CONCURRENTLY.
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX IF EXISTS "public"."pgadv_events_at_5c120a";
COMMIT;

-- 5 of 9: Take back: Attach the index of public.events_2a
-- Lock: ACCESS EXCLUSIVE.
BEGIN;
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
-- A partitioned index cannot be dropped CONCURRENTLY.
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX IF EXISTS "public"."pgadv_events_2_at_7e5549";
COMMIT;

-- 6 of 9: Take back: Create the index of public.events_2a
-- Lock: SHARE UPDATE EXCLUSIVE.
SET lock_timeout = 0;
SET statement_timeout = 0;
DROP INDEX CONCURRENTLY IF EXISTS "public"."pgadv_events_2a_at_6d17bc";

-- 7 of 9: Take back: Create the index of public.events_1
-- Lock: SHARE UPDATE EXCLUSIVE.
SET lock_timeout = 0;
SET statement_timeout = 0;
DROP INDEX CONCURRENTLY IF EXISTS "public"."pgadv_events_1_at_3737a3";

-- 8 of 9: Take back: Create an index on public.we"ird ; DROP TABLE x; -- ((lower(name)))
-- Lock: SHARE UPDATE EXCLUSIVE.
SET lock_timeout = 0;
SET statement_timeout = 0;
DROP INDEX CONCURRENTLY IF EXISTS "public".U&"pgadv_we""ird\000a; DROP TABLE x; --_lower_name_777edf";

-- 9 of 9: Take back: Create an index on public.orders (customer_id, created_at DESC NULLS LAST) WHERE status = 'pending'
-- Lock: SHARE UPDATE EXCLUSIVE.
SET lock_timeout = 0;
SET statement_timeout = 0;
DROP INDEX CONCURRENTLY IF EXISTS "public"."pgadv_orders_customer_id_created_at_0209a0";
