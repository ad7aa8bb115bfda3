//! PostgreSQL before the first record: connections, rights, tables. Needs a server: POSTGRES_URL, or the one of the test stack.

use crate::stage::server::Server;
use crate::stage::*;
use pipewright_expr::Datum::*;
use pipewright_plan::*;
use pipewright_runtime::sinks::{Database, DatabaseError};

#[tokio::test]
async fn a_table_that_does_not_fit_is_explained() {
    let server = Server::new().await;
    server
        .run("CREATE TABLE t (id integer NOT NULL, amount numeric(10,2), code char(3), name text NOT NULL, extra text NOT NULL, \
              at timestamp, total bigint GENERATED ALWAYS AS (id + 1) STORED)")
        .await;
    let fields = vec![
        field("id", Base::Int64.required()),
        field("amount", Base::Decimal { precision: 12, scale: 2 }.required()),
        field("code", Base::String.required()),
        field("name", Base::String.optional()),
        field("at", Base::Timestamp.required()),
        field("city", Base::String.optional()),
        field("total", Base::Int64.required()),
    ];
    let t = "\"public\".\"t\"";
    assert_eq!(
        server.problems(sink("t", upsert(&["id"]), fields.clone())).await,
        [
            "column-generated: the column `total` of `t` is computed by the database [leave `total` out of the sink]".to_string(),
            format!("column-missing: the table `t` has no column `city` [ALTER TABLE {t} ADD COLUMN \"city\" text]"),
            "column-not-null: `name` may be null, but the column of `t` may not [give it a fallback: `derive name = name ?? …`]".to_string(),
            "column-not-written: the column `extra` of `t` must not be null, and the sink does not write it [add `extra` to the sink's fields, or give the column a default]".to_string(),
            format!("column-type: the column `amount` of `t` is numeric(10,2), which cannot hold every decimal(12, 2) [ALTER TABLE {t} ALTER COLUMN \"amount\" TYPE numeric(12, 2)]"),
            format!("column-type: the column `at` of `t` is timestamp without time zone, which has no time zone: an instant would lose its meaning [ALTER TABLE {t} ALTER COLUMN \"at\" TYPE timestamptz]"),
            format!("column-type: the column `code` of `t` is character(3), which would pad the text with blanks [ALTER TABLE {t} ALTER COLUMN \"code\" TYPE text]"),
            format!("column-type: the column `id` of `t` is integer, which cannot hold every int64 [ALTER TABLE {t} ALTER COLUMN \"id\" TYPE bigint]"),
            format!("unique-missing: the table `t` has no unique index over `id`, the key of the sink [CREATE UNIQUE INDEX ON {t} (\"id\")]"),
        ]
    );
    let mut fixed = sink("nowhere", Write::Append, fields.clone());
    fixed.schema_mode = SchemaMode::Fixed;
    assert_eq!(
        server.problems(fixed).await,
        [
            "table-missing: the table `nowhere` does not exist, and `schema = fixed` forbids to create it [create it, or say `schema = create`]"
        ]
    );
    assert_eq!(
        server.problems(sink("sales.t", Write::Append, fields)).await,
        ["schema-missing: the schema `sales` of the table `t` does not exist [CREATE SCHEMA \"sales\"]"]
    );
    server.run("CREATE VIEW v AS SELECT 1 AS id").await;
    assert_eq!(server.problems(sink("v", Write::Append, vec![])).await.len(), 1);
}

#[tokio::test]
async fn tables_are_created_with_docs_and_grow() {
    let server = Server::new().await;
    server.run("CREATE SCHEMA sales; CREATE TABLE sales.fact_orders (id bigint PRIMARY KEY)").await;
    let mut old = orders(upsert(&["id"]));
    old.table = "sales.fact_orders".to_string();
    old.schema_mode = SchemaMode::Evolve;
    old.columns.fields[1].doc = Some("new, paid or it's gone".to_string());
    let mut driver = server.start(old).await;
    driver.put(&[Int(1), Text("new")]).unwrap();
    driver.commit().await.unwrap();
    assert_eq!(server.rows("id status", "sales.fact_orders").await, ["1 new"]);
    let mut new = orders(Write::Append);
    new.doc = Some("Paid \\ orders".to_string());
    new.loaded_at = Some("loaded_at".to_string());
    let mut driver = server.start(new).await;
    driver.put(&[Int(1), Text("new")]).unwrap();
    driver.commit().await.unwrap();
    assert_eq!(
        server
            .rows(
                "objoid::regclass objsubid description",
                "pg_description WHERE classoid = 'pg_class'::regclass AND objoid >= 16384"
            )
            .await,
        ["fact_orders 0 Paid \\ orders", "sales.fact_orders 2 new, paid or it's gone"]
    );
    assert_eq!(server.rows("loaded_at>now()-interval'1min'", "fact_orders").await, ["true"]);
}

#[tokio::test]
async fn wrong_connections_are_explained() {
    let server = Server::new().await;
    let error = |url: url::Url| async move {
        let options = Options::from([("url".to_string(), OptionValue::String(url.to_string()))]);
        open("postgres", &options, vec![orders(Write::Append)]).prepare().await.unwrap_err().remove(0)
    };
    let mut url = server.url.clone();
    url.set_path("no_such_database");
    let (name, message, _) = configuration(&error(url).await);
    assert_eq!(name, "database-missing");
    assert!(message.contains("database \"no_such_database\" does not exist"), "{message}");
    let mut url = server.url.clone();
    url.set_username("no_such_user").unwrap();
    url.set_password(Some("hunter2")).unwrap();
    let (name, message, _) = configuration(&error(url).await);
    assert_eq!(name, "authentication-failed");
    assert!(!message.contains("hunter2"), "{message}");
    let refused = error(url::Url::parse("postgres://me:hunter2@127.0.0.1:1/shop").unwrap()).await;
    assert!(
        matches!(&refused, DatabaseError::Unavailable(why)
        if why.starts_with("PostgreSQL at 127.0.0.1:1: ") && !why.contains("hunter2")),
        "{refused:?}"
    );
    let nowhere = error(url::Url::parse("postgres://me@no-such-host.invalid/shop").unwrap()).await;
    assert!(matches!(&nowhere, DatabaseError::Unavailable(why) if why.contains("no-such-host.invalid")), "{nowhere:?}");
}

#[tokio::test]
async fn rights_that_are_missing_are_named() {
    let server = Server::new().await;
    let role = format!("r{}", server.name);
    server.start(orders(upsert(&["id"]))).await;
    server
        .run(&format!(
            "CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA pipewright TO {role}; GRANT SELECT, INSERT ON fact_orders TO {role}"
        ))
        .await;
    let mut url = server.url.clone();
    url.set_username(&role).unwrap();
    let errors = open("postgres", &server.options(&url), vec![orders(upsert(&["id"]))]).prepare().await.unwrap_err();
    let (name, message, help) = configuration(&errors[0]);
    server.run(&format!("ALTER DATABASE {} SET default_transaction_read_only = on", server.name)).await;
    let read_only = server.open(vec![orders(Write::Append)]).prepare().await.unwrap_err();
    assert_eq!(
        (name, message.as_str(), help.as_str()),
        (
            "permission-denied",
            "this user lacks UPDATE, DELETE on the table `fact_orders`",
            format!("GRANT UPDATE, DELETE ON \"public\".\"fact_orders\" TO {role}").as_str()
        )
    );
    assert_eq!(configuration(&read_only[0]).0, "database-read-only");
}

#[tokio::test]
async fn many_instances_may_start_at_once() {
    let server = Server::new().await;
    let mut starts = Vec::new();
    for _ in 0..6 {
        let mut database = server.open(vec![orders(upsert(&["id"]))]);
        starts.push(tokio::spawn(async move {
            database.prepare().await.unwrap();
            acquire(&mut database).await.generation
        }));
    }
    let mut generations = Vec::new();
    for start in starts {
        generations.push(start.await.unwrap());
    }
    generations.sort();
    assert_eq!(generations, [1, 2, 3, 4, 5, 6]);
}

#[tokio::test]
async fn a_column_that_the_database_always_numbers_is_written_where_it_may() {
    let server = Server::new().await;
    server
        .run(
            "CREATE TABLE fact_orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, status text); \
             CREATE TABLE other (id bigint PRIMARY KEY, n bigint GENERATED ALWAYS AS IDENTITY)",
        )
        .await;
    for (id, write) in [(7, upsert(&["id"])), (8, Write::Append)] {
        let mut driver = server.start(orders(write)).await;
        driver.put(&[Int(id), Text("new")]).unwrap();
        driver.commit().await.unwrap();
    }
    let mut driver = server.start(orders(upsert(&["id"]))).await;
    driver.put(&[Int(8), Text("paid")]).unwrap();
    driver.commit().await.unwrap();
    assert_eq!(server.rows("id status", "fact_orders").await, ["7 new", "8 paid"]);
    let fields = vec![field("id", Base::Int64.required()), field("n", Base::Int64.required())];
    assert_eq!(
        server.problems(sink("other", upsert(&["id"]), fields)).await,
        [
            "column-generated: the column `n` of `other` is always numbered by the database: no update may set it [ALTER TABLE \"public\".\"other\" ALTER COLUMN \"n\" SET GENERATED BY DEFAULT]"
        ]
    );
}

#[tokio::test]
async fn row_level_security_is_named_where_it_forbids_to_copy() {
    let server = Server::new().await;
    let role = format!("r{}", server.name);
    server
        .run(&format!(
            "CREATE ROLE {role} LOGIN; GRANT CREATE ON DATABASE {} TO {role}; \
             CREATE TABLE fact_orders (id bigint PRIMARY KEY, status text); GRANT ALL ON fact_orders TO {role}; \
             ALTER TABLE fact_orders ENABLE ROW LEVEL SECURITY; \
             CREATE POLICY own ON fact_orders USING (true) WITH CHECK (status <> 'bad')",
            server.name
        ))
        .await;
    let mut url = server.url.clone();
    url.set_username(&role).unwrap();
    let errors = open("postgres", &server.options(&url), vec![orders(Write::Append)]).prepare().await.unwrap_err();
    let (name, message, help) = configuration(&errors[0]);
    assert_eq!(
        (name, message.as_str(), help),
        (
            "row-security",
            "row-level security of `fact_orders` holds for this user, and PostgreSQL copies no rows into such a table",
            format!("ALTER ROLE {role} BYPASSRLS, or let it own the table")
        )
    );
    // An upsert copies into a table of its own, and the policy decides row by row.
    let mut driver = Driver::start(open("postgres", &server.options(&url), vec![orders(upsert(&["id"]))])).await;
    for (id, status) in [(1, "good"), (2, "bad"), (3, "good")] {
        driver.put(&[Int(id), Text(status)]).unwrap();
    }
    let refused = driver.commit().await.unwrap().refused;
    assert_eq!(refused.iter().map(|it| it.at.offset).collect::<Vec<_>>(), [1]);
    server.run(&format!("DROP OWNED BY {role}")).await;
}
