-- The least that workers and servers need on a Postgres database whose tables another role has created with
-- `privx-kit database migrate`. Run it as that role, in that database, after each migration:
--
--   psql "$OWNER_URL" --set=role=privx_kit -f postgres-role.sql
--
-- The role must exist: CREATE ROLE privx_kit LOGIN PASSWORD '…';
--
-- Before Postgres 15, every role may create tables in the schema public. As a superuser, take that right away:
-- REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO :"role";
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO :"role";
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO :"role";
