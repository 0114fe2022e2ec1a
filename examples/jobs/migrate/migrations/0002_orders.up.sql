create table orders (
  id bigint primary key,
  user_id bigint not null references users (id),
  total numeric(12, 2) not null
);
create index orders_by_user on orders (user_id);
