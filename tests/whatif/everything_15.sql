set search_path = everything, tools, public;
create table once (id integer, tag text, unique nulls not distinct (id, tag));
insert into once select i, case when i % 3 > 0 then 't' || pick(i, 40) end from generate_series(1, 3000) i;
create view invoker with (security_invoker, security_barrier) as
    select id, usual from names where id > 100;
