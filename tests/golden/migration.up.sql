-- pgadvisor: migration.up.sql
-- Taken back by migration.down.sql.
-- Run it with: psql -X -v ON_ERROR_STOP=1 -f migration.up.sql
-- Never with -1 (--single-transaction): CONCURRENTLY cannot run in a transaction.
-- If a step fails for want of a lock (55P03), run the file again: indexes
-- that exist already are left as they are, and one that is not valid is reported.

SET client_encoding = 'UTF8';

-- 1 of 17: Create an index on public.orders (customer_id, created_at DESC NULLS LAST) WHERE status = 'pending'
-- Lock: SHARE UPDATE EXCLUSIVE.
SET lock_timeout = 0;
SET statement_timeout = 0;
CREATE INDEX CONCURRENTLY IF NOT EXISTS "pgadv_orders_customer_id_created_at_0209a0" ON "public"."orders" ("customer_id", "created_at" DESC NULLS LAST) WHERE status = 'pending';
-- Fails when the index is not valid.
SELECT CASE WHEN count(*) = 1 THEN 'valid' ELSE CAST(CAST(concat('index public.pgadv_orders_customer_id_created_at_0209a0 is not valid: drop it with DROP INDEX CONCURRENTLY, then run its step again', '; valid: ', count(*)) AS integer) AS text) END AS index_state FROM pg_catalog.pg_index WHERE indisvalid AND indexrelid = CAST('"public"."pgadv_orders_customer_id_created_at_0209a0"' AS pg_catalog.regclass);

-- 2 of 17: Create an index on public.we"ird ; DROP TABLE x; -- ((lower(name)))
-- Lock: SHARE UPDATE EXCLUSIVE.
SET lock_timeout = 0;
SET statement_timeout = 0;
CREATE INDEX CONCURRENTLY IF NOT EXISTS U&"pgadv_we""ird\000a; DROP TABLE x; --_lower_name_777edf" ON "public".U&"we""ird\000a; DROP TABLE x; --" ((lower(name)));
-- Fails when the index is not valid.
SELECT CASE WHEN count(*) = 1 THEN 'valid' ELSE CAST(CAST(concat(E'index public.pgadv_we"ird\u000a; DROP TABLE x; --_lower_name_777edf is not valid: drop it with DROP INDEX CONCURRENTLY, then run its step again', '; valid: ', count(*)) AS integer) AS text) END AS index_state FROM pg_catalog.pg_index WHERE indisvalid AND indexrelid = CAST(E'"public"."pgadv_we""ird\u000a; DROP TABLE x; --_lower_name_777edf"' AS pg_catalog.regclass);

-- 3 of 17: Create an index on public.events (at): the parent, not valid until its partitions are attached
-- Lock: SHARE.
BEGIN;
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
-- A partitioned table has no such thing as CONCURRENTLY.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX IF NOT EXISTS "pgadv_events_at_5c120a" ON ONLY "public"."events" ("at");
COMMIT;

-- 4 of 17: Create the index of public.events_1
-- Lock: SHARE UPDATE EXCLUSIVE.
SET lock_timeout = 0;
SET statement_timeout = 0;
CREATE INDEX CONCURRENTLY IF NOT EXISTS "pgadv_events_1_at_3737a3" ON "public"."events_1" ("at");
-- Fails when the index is not valid.
SELECT CASE WHEN count(*) = 1 THEN 'valid' ELSE CAST(CAST(concat('index public.pgadv_events_1_at_3737a3 is not valid: drop it with DROP INDEX CONCURRENTLY, then run its step again', '; valid: ', count(*)) AS integer) AS text) END AS index_state FROM pg_catalog.pg_index WHERE indisvalid AND indexrelid = CAST('"public"."pgadv_events_1_at_3737a3"' AS pg_catalog.regclass);

-- 5 of 17: Attach the index of public.events_1
-- Lock: ACCESS EXCLUSIVE.
BEGIN;
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
ALTER INDEX "public"."pgadv_events_at_5c120a" ATTACH PARTITION "public"."pgadv_events_1_at_3737a3";
COMMIT;

-- 6 of 17: Create the index of public.events_2
-- Lock: SHARE.
BEGIN;
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
-- A partitioned table has no such thing as CONCURRENTLY.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX IF NOT EXISTS "pgadv_events_2_at_7e5549" ON ONLY "public"."events_2" ("at");
COMMIT;

-- 7 of 17: Create the index of public.events_2a
-- Lock: SHARE UPDATE EXCLUSIVE.
SET lock_timeout = 0;
SET statement_timeout = 0;
CREATE INDEX CONCURRENTLY IF NOT EXISTS "pgadv_events_2a_at_6d17bc" ON "public"."events_2a" ("at");
-- Fails when the index is not valid.
SELECT CASE WHEN count(*) = 1 THEN 'valid' ELSE CAST(CAST(concat('index public.pgadv_events_2a_at_6d17bc is not valid: drop it with DROP INDEX CONCURRENTLY, then run its step again', '; valid: ', count(*)) AS integer) AS text) END AS index_state FROM pg_catalog.pg_index WHERE indisvalid AND indexrelid = CAST('"public"."pgadv_events_2a_at_6d17bc"' AS pg_catalog.regclass);

-- 8 of 17: Attach the index of public.events_2a
-- Lock: ACCESS EXCLUSIVE.
BEGIN;
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
ALTER INDEX "public"."pgadv_events_2_at_7e5549" ATTACH PARTITION "public"."pgadv_events_2a_at_6d17bc";
COMMIT;

-- 9 of 17: Attach the index of public.events_2
-- Lock: ACCESS EXCLUSIVE.
BEGIN;
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
ALTER INDEX "public"."pgadv_events_at_5c120a" ATTACH PARTITION "public"."pgadv_events_2_at_7e5549";
COMMIT;

-- 10 of 17: Create an index on public.events (at): all partitions are attached
-- Lock: none.
-- Fails when the index is not valid.
SELECT CASE WHEN count(*) = 1 THEN 'valid' ELSE CAST(CAST(concat('index public.pgadv_events_at_5c120a is not valid: drop it with DROP INDEX CONCURRENTLY, then run its step again', '; valid: ', count(*)) AS integer) AS text) END AS index_state FROM pg_catalog.pg_index WHERE indisvalid AND indexrelid = CAST('"public"."pgadv_events_at_5c120a"' AS pg_catalog.regclass);

-- 11 of 17: Make a primary key of public.tags out of its unique index
-- Lock: ACCESS EXCLUSIVE.
-- Once done it cannot be run again. Its index is not dropped, even if it has an equal.
BEGIN;
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
ALTER TABLE "public"."tags" ADD CONSTRAINT "tags_pkey" PRIMARY KEY USING INDEX "tags_key";
COMMIT;

-- 12 of 17: Drop the index public.we"ird ; DROP TABLE x; --
-- Lock: SHARE UPDATE EXCLUSIVE.
SET lock_timeout = 0;
SET statement_timeout = 0;
DROP INDEX CONCURRENTLY IF EXISTS "public".U&"we""ird\000a; DROP TABLE x; --";

-- 13 of 17: Refresh the statistics of public.we"ird ; DROP TABLE x; --
-- Lock: SHARE UPDATE EXCLUSIVE.
-- Nothing to take back: statistics are refreshed by autovacuum in any case.
BEGIN;
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = 0;
ANALYZE "public".U&"we""ird\000a; DROP TABLE x; --";
COMMIT;

-- 14 of 17: Set storage parameters of public.orders
-- Lock: SHARE UPDATE EXCLUSIVE.
BEGIN;
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
ALTER TABLE "public"."orders" SET (autovacuum_vacuum_scale_factor = 0.01);
COMMIT;

-- 15 of 17: Set work_mem to 64MB for role we"ird ; DROP TABLE x; -- in database shop
-- Lock: none.
-- The old value is 4MB, from: default. Sessions that begin after it have the new value; no reload and no restart.
BEGIN;
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
ALTER ROLE U&"we""ird\000a; DROP TABLE x; --" IN DATABASE "shop" SET work_mem = '64MB';
COMMIT;

-- 16 of 17: Set log_lock_waits to on for the whole server
-- Lock: none.
-- The old value is off, from: configuration file. In force after the reload; no restart. It takes a superuser, or GRANT ALTER SYSTEM ON PARAMETER (PostgreSQL 15).
SET lock_timeout = '2s';
SET statement_timeout = '30s';
ALTER SYSTEM SET log_lock_waits = on;
SET lock_timeout = '2s';
SET statement_timeout = 0;
SELECT pg_catalog.pg_reload_conf();

-- 17 of 17: Set shared_preload_libraries to auto_explain,pg_stat_statements for the whole server
-- The old value is auto_explain, from: configuration file. In force after the next restart, whose time is yours to choose. It takes a superuser, or GRANT ALTER SYSTEM ON PARAMETER (PostgreSQL 15).
-- Not run: it takes a restart, which is never done for you.
--     ALTER SYSTEM SET shared_preload_libraries = 'auto_explain', 'pg_stat_statements'
