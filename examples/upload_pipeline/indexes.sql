-- The keys and indexes of the upload pipeline, as they came to be over two years.

alter table tenants add primary key (id);
alter table api_keys add primary key (id);
alter table documents add primary key (id);
alter table upload_jobs add primary key (id);
alter table chunks add primary key (id);
alter table storage_usage add primary key (document_id);

alter table api_keys add foreign key (tenant_id) references tenants (id);
alter table documents add foreign key (tenant_id) references tenants (id);
alter table upload_jobs add foreign key (tenant_id) references tenants (id);
alter table upload_jobs
    add foreign key (document_id) references documents (id) on delete cascade;
alter table chunks
    add foreign key (document_id) references documents (id) on delete cascade;
alter table storage_usage
    add foreign key (document_id) references documents (id) on delete cascade;

create index documents_tenant_id_idx on documents (tenant_id);
create index documents_tenant_id_uploaded_at_idx on documents (tenant_id, uploaded_at);

create index upload_jobs_tenant_id_created_at_idx on upload_jobs (tenant_id, created_at);
-- Added a year later, by somebody else, for the same page.
create index idx_jobs_for_status_page on upload_jobs (tenant_id, created_at);

-- For a search for copies that was never built.
create index chunks_content_hash_idx on chunks (content_hash);
