"""Statements that applications are known by: a queue's poll, a login, a list of one's orders."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.benchmarks.generated.distributions import Key
from tests.benchmarks.generated.drafts import Draft, Heat
from tests.benchmarks.generated.tables import BuiltTable, Module

_PLACE = re.compile(r"\{(\w+)")
_TARGET = re.compile(r"(?:update|delete from) \{(\w+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Name:
    """What a template may say of a table."""

    name: str
    reference: str

    def __str__(self) -> str:
        return self.name


def signatures(module: Module) -> Iterator[Draft]:
    """Yield the statements that go with the kinds of tables that a module has."""
    names = {
        built.archetype.name: _Name(name=built.table.name, reference=built.reference)
        for built in module.tables
    }
    for heat, text in _templates():
        if set(_PLACE.findall(text)) <= set(names):
            target = _TARGET.match(text) if heat.is_write else None
            built = module.find(target[1]) if target else None
            yield Draft(
                text=text.format(**names),
                heat=heat,
                table_oid=built.table.oid if built else 0,
            )
    for built in module.tables:
        yield _insert(built)


def _templates() -> Iterator[tuple[Heat, str]]:
    for heat, texts in _TEMPLATES.items():
        yield from ((heat, " ".join(text.split())) for text in texts.split(";") if text.strip())


def _insert(built: BuiltTable) -> Draft:
    columns = [name for name, idea in built.ideas.items() if not isinstance(idea.values, Key)]
    values = ", ".join(f"${number}" for number in range(1, len(columns) + 1))
    text = f"insert into {built.table.name} ({', '.join(columns)}) values ({values})"
    keyed = {column for index in built.indexes if index.is_unique for column in index.key_columns}
    if built.archetype.name == "settings" and "name" in keyed:
        text += " on conflict (tenant_id, name) do update set value = excluded.value"
    elif built.archetype.name != "events":
        text += " returning id"
    return Draft(text=text, heat=Heat.INSERT, table_oid=built.table.oid)


_TEMPLATES: dict[Heat, str] = {
    Heat.HOT: """
        select id, title from {plans} where code = $1;
        select * from {accounts} where lower(email) = lower($1) and deleted_at is null;
        select id, email, full_name, status, settings from {accounts} where id = $1;
        select id, name, price, attributes from {products} where tenant_id = $1 and sku = $2;
        select id, number, status, total, created_at from {orders} where {accounts.reference} =
            $1 order by created_at desc limit $2;
        select * from {orders} where number = $1;
        select * from {orders} where id = $1;
        select id, {accounts.reference}, total from {orders} where status = 'pending' and
            deleted_at is null order by created_at limit 50;
        select l.id, l.quantity, l.price, p.name from {order_lines} l join {products} p on p.id
            = l.{products.reference} where l.{orders.reference} = $1;
        select id, kind, payload, occurred_at from {events} where {accounts.reference} = $1
            order by occurred_at desc limit $2;
        select id, payload from {jobs} where queue = $1 and state = 'pending' and run_at <=
            now() order by priority desc, run_at limit 1 for update skip locked;
        select value from {settings} where tenant_id = $1 and name = $2;
        select id, state, amount from {payments} where {orders.reference} = $1;
        select s.id, s.{accounts.reference}, a.status from {sessions} s join {accounts} a on
            a.id = s.{accounts.reference} where s.token = $1 and s.expires_at > now();
        select id, body, created_at from {comments} where subject_type = $1 and subject_id = $2
            and deleted_at is null order by created_at;
        select m.role, g.code from {memberships} m join {plans} g on g.id = m.{plans.reference}
            where m.{accounts.reference} = $1;
        select count(*) from {notifications} where {accounts.reference} = $1 and not is_read;
    """,
    Heat.WARM: """
        select id, code, title from {plans} where is_active order by sort_order;
        select id, email, full_name from {accounts} where tenant_id = $1 and deleted_at is null
            order by created_at desc limit $2 offset $3;
        select id, full_name from {accounts} where tenant_id = $1 and full_name ilike $2 order
            by full_name limit $3;
        select id, email from {accounts} where email like $1 order by email limit $2;
        select id, name, price from {products} where tenant_id = $1 and tags @>
            array[$2]::text[] and deleted_at is null order by updated_at desc limit $3;
        select id, name from {products} where attributes ->> 'colour' = $1 limit $2;
        select id, number, total from {orders} where {accounts.reference} = $1 and (created_at,
            id) < ($2, $3) order by created_at desc, id desc limit $4;
        select id, number, status from {orders} where tenant_id = $1 and status in ($2 /*, ...
            */) and created_at >= $3 order by created_at desc limit $4;
        select o.number, a.email, p.sku, l.quantity, c.title from {orders} o join {accounts} a
            on a.id = o.{accounts.reference} join {order_lines} l on l.{orders.reference} = o.id
            join {products} p on p.id = l.{products.reference} join {plans} c on c.id =
            p.{plans.reference} where o.id = $1;
        select count(*) from {order_lines} where {products.reference} = $1;
        select kind, count(*) from {events} where tenant_id = $1 and occurred_at >= $2 group by
            kind;
        select queue, count(*) from {jobs} where state = 'pending' group by queue;
        select id, queue, payload from {jobs} where locked_by = $1 and state = $2;
        select name, value from {settings} where tenant_id = $1;
        select * from {payments} where external_id = $1;
        select id, {orders.reference}, amount from {payments} where state = 'open' and
            created_at < $1 order by created_at limit $2;
        select id, user_agent, last_seen_at from {sessions} where {accounts.reference} = $1
            order by last_seen_at desc;
        select c.id, c.body, a.full_name from {comments} c join {accounts} a on a.id =
            c.{accounts.reference} where c.labels && $1 order by c.created_at desc limit 20;
        select action, actor_id, diff, logged_at from {audit_log} where object_id = $1 order by
            logged_at desc limit $2;
        select a.id, a.full_name from {accounts} a where a.id in (select m.{accounts.reference}
            from {memberships} m where m.{plans.reference} = $1) order by a.full_name limit $2;
        select id, kind, body, created_at from {notifications} where {accounts.reference} = $1
            order by created_at desc limit 20;
    """,
    Heat.COLD: """
        select country, count(*) from {accounts} where deleted_at is null group by country order
            by count(*) desc;
        select p.id, p.name from {products} p where p.tenant_id = $1 and p.is_published and not
            exists (select 1 from {order_lines} l where l.{products.reference} = p.id);
        select date_trunc('day', created_at), count(*), sum(total) from {orders} where tenant_id
            = $1 and created_at >= now() - interval $2 group by 1 order by 1;
        select status, count(*) from {orders} where deleted_at is null group by status;
        select a.id, a.email from {accounts} a where a.tenant_id = $1 and exists (select 1 from
            {orders} o where o.{accounts.reference} = a.id and o.status = 'failed' and o.created_at
            > $2);
        select p.id, p.name, sum(l.quantity) as sold from {order_lines} l join {orders} o on
            o.id = l.{orders.reference} join {products} p on p.id = l.{products.reference} where
            o.tenant_id = $1 and o.created_at >= $2 and o.created_at < $3 group by p.id, p.name
            order by sold desc limit $4;
        select date_trunc('hour', occurred_at), count(*) from {events} where kind = 'error' and
            occurred_at >= now() - interval '1 day' group by 1;
        select count(distinct {accounts.reference}) from {events} where occurred_at between $1
            and $2;
        select provider, sum(amount) from {payments} where tenant_id = $1 and created_at >= $2
            group by provider;
        select o.id, o.total from {orders} o left join {payments} y on y.{orders.reference} =
            o.id where o.status = 'completed' and o.created_at >= $1 and y.id is null;
        select * from {audit_log} where tenant_id = $1 and action in ('delete', 'export') and
            logged_at >= $2 order by logged_at;
    """,
    Heat.UPDATE: """
        update {accounts} set last_seen_at = $1 where id = $2;
        update {accounts} set status = $1 where id = $2;
        update {accounts} set settings = settings || $1 where id = $2;
        update {products} set price = $1, updated_at = $2 where id = $3;
        update {products} set is_published = $1, updated_at = now() where id = $2;
        update {orders} set status = $1, updated_at = now() where id = $2;
        update {orders} set status = 'shipped', shipped_at = $1, updated_at = $1 where id = $2;
        update {orders} set deleted_at = now() where id = $1;
        update {order_lines} set quantity = $1 where id = $2;
        update {jobs} set state = 'running', locked_by = $1, attempts = attempts + 1 where id =
            $2;
        update {jobs} set state = 'done', finished_at = now() where id = $1;
        update {settings} set value = $1, updated_at = $2 where id = $3;
        update {payments} set state = $1 where id = $2;
        update {payments} set state = 'settled' where external_id = $1;
        update {sessions} set last_seen_at = now() where id = $1;
        update {comments} set deleted_at = now() where id = $1;
        update {notifications} set is_read = true where {accounts.reference} = $1 and not
            is_read;
    """,
    Heat.DELETE: """
        delete from {accounts} where id = $1;
        delete from {order_lines} where {orders.reference} = $1 and id = $2;
        delete from {sessions} where token = $1;
        delete from {memberships} where {accounts.reference} = $1 and {plans.reference} = $2;
    """,
    Heat.SWEEP: """
        update {accounts} set status = 'locked' where status = 'invited' and created_at < now()
            - interval '30 days';
        update {orders} set status = 'cancelled', updated_at = now() where status = 'pending'
            and created_at < $1;
        delete from {events} where occurred_at < now() - interval '60 days';
        delete from {jobs} where state = 'done' and finished_at < now() - interval '14 days';
        delete from {sessions} where expires_at < now();
        delete from {notifications} where is_read and created_at < $1;
    """,
}
"""By how often they run; ``{accounts}`` is the table of that kind, ``{accounts.reference}`` what
columns are called that refer to it."""
