alter table deals add column owner text not null default 'nobody';

create index deals_by_owner on deals (tenant_id, owner);
