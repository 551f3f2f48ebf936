-- pgadvisor: migration.down.sql
-- Takes back migration.up.sql.
-- Run it with: psql -X -v ON_ERROR_STOP=1 -f migration.down.sql
-- Never with -1 (--single-transaction): CONCURRENTLY cannot run in a transaction.
-- If a step fails for want of a lock (55P03), run the file again: indexes
-- that exist already are left as they are, and one that is not valid is reported.

SET client_encoding = 'UTF8';

-- 1 of 12: Take back: Set shared_preload_libraries to auto_explain,pg_stat_statements for the whole server
-- Not run: it takes a restart, which is never done for you.
--     ALTER SYSTEM SET shared_preload_libraries = 'auto_explain'

-- 2 of 12: Take back: Set log_lock_waits to on for the whole server
-- Lock: none.
-- The old value is off, from: configuration file. In force after the reload; no restart. It takes a superuser, or GRANT ALTER SYSTEM ON PARAMETER (PostgreSQL 15).
SET lock_timeout = '2s';
SET statement_timeout = '30s';
ALTER SYSTEM RESET log_lock_waits;
SET lock_timeout = '2s';
SET statement_timeout = 0;
SELECT pg_catalog.pg_reload_conf();

-- 3 of 12: Take back: Set work_mem to 64MB for role we"ird ; DROP TABLE x; -- in database shop
-- Lock: none.
-- The old value is 4MB, from: default. Sessions that begin after it have the new value; no reload and no restart.
BEGIN;
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
ALTER ROLE U&"we""ird\000a; DROP TABLE x; --" IN DATABASE "shop" RESET work_mem;
COMMIT;

-- 4 of 12: Take back: Set storage parameters of public.orders
-- Lock: SHARE UPDATE EXCLUSIVE.
BEGIN;
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
ALTER TABLE "public"."orders" RESET (autovacuum_vacuum_scale_factor);
COMMIT;

-- 5 of 12: Take back: Drop the index public.we"ird ; DROP TABLE x; --
-- Lock: SHARE UPDATE EXCLUSIVE.
SET lock_timeout = 0;
SET statement_timeout = 0;
CREATE INDEX CONCURRENTLY IF NOT EXISTS U&"we""ird\000a; DROP TABLE x; --" ON public.orders USING btree (note);
-- Fails when the index is not valid.
SELECT CASE WHEN count(*) = 1 THEN 'valid' ELSE CAST(CAST(concat(E'index public.we"ird\u000a; DROP TABLE x; -- is not valid: drop it with DROP INDEX CONCURRENTLY, then run its step again', '; valid: ', count(*)) AS integer) AS text) END AS index_state FROM pg_catalog.pg_index WHERE indisvalid AND indexrelid = CAST(E'"public"."we""ird\u000a; DROP TABLE x; --"' AS pg_catalog.regclass);

-- 6 of 12: Take back: Make a primary key of public.tags out of its unique index
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

-- 7 of 12: Take back: Attach the index of public.events_2
-- Lock: ACCESS EXCLUSIVE.
BEGIN;
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
-- A partitioned index cannot be dropped CONCURRENTLY.
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX IF EXISTS "public"."pgadv_events_at_5c120a";
COMMIT;

-- 8 of 12: Take back: Attach the index of public.events_2a
-- Lock: ACCESS EXCLUSIVE.
BEGIN;
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
-- A partitioned index cannot be dropped CONCURRENTLY.
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX IF EXISTS "public"."pgadv_events_2_at_7e5549";
COMMIT;

-- 9 of 12: Take back: Create the index of public.events_2a
-- Lock: SHARE UPDATE EXCLUSIVE.
SET lock_timeout = 0;
SET statement_timeout = 0;
DROP INDEX CONCURRENTLY IF EXISTS "public"."pgadv_events_2a_at_6d17bc";

-- 10 of 12: Take back: Create the index of public.events_1
-- Lock: SHARE UPDATE EXCLUSIVE.
SET lock_timeout = 0;
SET statement_timeout = 0;
DROP INDEX CONCURRENTLY IF EXISTS "public"."pgadv_events_1_at_3737a3";

-- 11 of 12: Take back: Create an index on public.we"ird ; DROP TABLE x; -- ((lower(name)))
-- Lock: SHARE UPDATE EXCLUSIVE.
SET lock_timeout = 0;
SET statement_timeout = 0;
DROP INDEX CONCURRENTLY IF EXISTS "public".U&"pgadv_we""ird\000a; DROP TABLE x; --_lower_name_777edf";

-- 12 of 12: Take back: Create an index on public.orders (customer_id, created_at DESC NULLS LAST) WHERE status = 'pending'
-- Lock: SHARE UPDATE EXCLUSIVE.
SET lock_timeout = 0;
SET statement_timeout = 0;
DROP INDEX CONCURRENTLY IF EXISTS "public"."pgadv_orders_customer_id_created_at_0209a0";
