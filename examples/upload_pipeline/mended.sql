-- The same database after a careful team has been through it.
-- The application's side of it (SKIP LOCKED, pages by key) is in statements.py.

-- The queue: the polling reads the index from its first entry, and finished jobs are not in it.
create index upload_jobs_pending_idx on upload_jobs (stage, created_at) where status = 'pending';
create index upload_jobs_document_id_idx on upload_jobs (document_id);
create index upload_jobs_status_updated_at_idx on upload_jobs (status, updated_at);

-- One index for the status page, ending in the key, so that pages can go on from a row.
create index upload_jobs_tenant_id_created_at_id_idx on upload_jobs (tenant_id, created_at, id);
drop index upload_jobs_tenant_id_created_at_idx;
drop index idx_jobs_for_status_page;

-- A document's chunks are found and erased by an index, which is also all that the tokens report
-- reads: it has the order to group by and the column to add up, so nothing is hashed into files.
alter table chunks alter column id type bigint;
alter sequence chunks_id_seq as bigint;
create index chunks_document_id_token_count_idx on chunks (document_id) include (token_count);
drop index chunks_content_hash_idx;

-- Two documents of one name are allowed, the team decided; names are searched without case.
drop index documents_tenant_id_file_name_key;
drop index documents_tenant_id_idx;
create index documents_lower_file_name_idx on documents (lower(file_name));

-- A log has rows that one may want to name, too.
alter table stage_events add column id bigint generated always as identity primary key;

-- Autovacuum comes after a hundredth of the rows, not after a fifth of them.
alter table storage_usage reset (autovacuum_enabled);
alter table upload_jobs
    set (autovacuum_vacuum_scale_factor = 0.01, autovacuum_analyze_scale_factor = 0.02);
alter table documents set (autovacuum_vacuum_scale_factor = 0.02);
alter table chunks set (autovacuum_vacuum_scale_factor = 0.02);
