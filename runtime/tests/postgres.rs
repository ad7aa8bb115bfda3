//! PostgreSQL as the database of a stage. Needs a server: POSTGRES_URL, or the local one of the test stack.
