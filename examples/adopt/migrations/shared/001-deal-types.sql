-- What every tenant reads and none changes.
create table deal_types (code varchar(20) primary key, label text not null);
insert into deal_types values ('acquisition', 'Acquisition'), ('merger', 'Merger');
