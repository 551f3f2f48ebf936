set search_path = everything, tools, public;
create table computed (
    id integer primary key,
    price integer,
    taxed integer generated always as (price * 119 / 100) virtual,
    kept integer generated always as (price - 1) stored,
    constraint computed_price not null price
);
insert into computed (id, price) select i, pick(i, 500) from generate_series(1, 3000) i;
create index computed_kept on computed (kept);
create table loose (id integer, a integer);
insert into loose select i, pick(i, 50) from generate_series(1, 2500) i;
alter table loose add constraint loose_id not null id not valid;
create table stays (
    room integer,
    during daterange,
    guest text,
    primary key (room, during without overlaps)
);
insert into stays
select i % 50, daterange(date '2024-01-01' + (i / 50) * 3, date '2024-01-01' + (i / 50) * 3 + 2), 'g' || i
from generate_series(0, 3999) i;
create table meals (
    room integer,
    during daterange,
    dish text,
    foreign key (room, period during) references stays (room, period during)
);
insert into meals select room, during, 'dish ' || pick(room, 9) from stays;
create table claims (id integer primary key, stay integer, constraint claims_stay
    foreign key (stay) references computed (id) not enforced);
insert into claims select i, 1 + pick(i, 3000) from generate_series(1, 2000) i;
