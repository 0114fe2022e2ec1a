create table users (
  id bigint primary key,
  name text not null,
  email text not null unique
);

insert into users (id, name, email) values (1, 'Ada; first of her name', 'ada@example.com');
