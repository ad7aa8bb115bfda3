//! Tables that refer to one another: which sink stands first in the program decides nothing. Needs a PostgreSQL server:
//! POSTGRES_URL, or the one of the test stack.

use crate::sqlite::File;
use crate::stage::server::Server;
use crate::stage::*;
use pipewright_expr::Datum::*;
use pipewright_plan::*;
use pipewright_runtime::sinks::{AnyDatabase, Database};

/// The lines stand before the heads they refer to.
fn sinks() -> Vec<Sink> {
    let id = || field("id", Base::Int64.required());
    let text = |name| field(name, Base::String.optional());
    vec![
        sink("lines", upsert(&["id"]), vec![id(), field("head", Base::Int64.optional()), text("note")]),
        sink("heads", upsert(&["id"]), vec![id(), text("customer")]),
    ]
}

const TABLES: &str = "CREATE TABLE heads (id bigint PRIMARY KEY, customer text CHECK (customer <> 'bad'));
    CREATE TABLE lines (id bigint PRIMARY KEY, head bigint REFERENCES heads, note text)";

/// Stores rows and deletes; of the second epoch a head is bad, and with it its line.
async fn run(database: AnyDatabase) {
    let mut driver = Driver::start(database).await;
    for id in 0..20 {
        driver.put_into(0, &[Int(id), Int(id), Null]).unwrap();
        driver.put_into(1, &[Int(id), Text("good")]).unwrap();
    }
    assert!(driver.commit().await.unwrap().refused.is_empty());
    for id in 20..40 {
        driver.put_into(0, &[Int(id), Int(id), Null]).unwrap();
        driver.put_into(1, &[Int(id), Text(if id == 25 { "bad" } else { "good" })]).unwrap();
    }
    let committed = driver.commit().await.unwrap();
    assert_eq!(committed.refused.iter().map(|it| it.sink).collect::<Vec<_>>(), [0, 1]);
    // The line moves to another head as its own one goes; the other lines go with their heads.
    driver.put_into(0, &[Int(0), Int(1), Null]).unwrap();
    for id in [0, 2, 3] {
        let at = pipewright_runtime::record::RecordId { topic: 0, partition: 3, offset: driver.offset };
        driver.offset += 1;
        driver.encoders[1].delete(&[Int(id)], at).unwrap();
        if id > 0 {
            driver.encoders[0].delete(&[Int(id)], at).unwrap();
        }
    }
    let committed = driver.commit().await.unwrap();
    assert!(committed.refused.is_empty(), "{:?}", committed.refused);
    assert_eq!((committed.rows[0].deleted, committed.rows[1].deleted), (2, 3));
}

#[tokio::test]
async fn the_order_of_sinks_does_not_matter() {
    let server = Server::new().await;
    server.run(TABLES).await;
    run(server.open(sinks())).await;
    assert_eq!(server.rows("count(*) min(head)", "lines").await, ["37 1"]);
    assert_eq!(server.rows("count(*) min(id)", "heads").await, ["36 1"]);
    let file = File::new();
    file.run(TABLES).await;
    run(file.open(sinks())).await;
    assert_eq!(file.rows("count(*) min(head)", "lines").await, ["37 1"]);
    assert_eq!(file.rows("count(*) min(id)", "heads").await, ["36 1"]);
}

/// A row refers to a later one of its own table: a bad row elsewhere does not make it bad.
#[tokio::test]
async fn rows_of_one_table_may_refer_to_one_another() {
    let server = Server::new().await;
    let table =
        "CREATE TABLE fact_orders (id bigint PRIMARY KEY, status bigint REFERENCES fact_orders CHECK (status < 100))";
    server.run(table).await;
    let file = File::new();
    file.run(table).await;
    for database in [server.open(vec![chained()]), file.open(vec![chained()])] {
        let mut driver = Driver::start(database).await;
        for id in 0..9 {
            driver.put(&[Int(id), if id == 8 { Null } else { Int(id + 1) }]).unwrap();
        }
        driver.put(&[Int(9), Int(100)]).unwrap();
        let committed = driver.commit().await.unwrap();
        assert_eq!(committed.refused.iter().map(|it| it.at.offset).collect::<Vec<_>>(), [9]);
    }
    assert_eq!(server.rows("count(*)", "fact_orders").await, ["9"]);
    assert_eq!(file.rows("count(*)", "fact_orders").await, ["9"]);
}

fn chained() -> Sink {
    let fields = vec![field("id", Base::Int64.required()), field("status", Base::Int64.optional())];
    sink("fact_orders", upsert(&["id"]), fields)
}

#[tokio::test]
async fn a_circle_that_is_checked_at_once_is_found_at_the_start() {
    let server = Server::new().await;
    server.run(TABLES).await;
    server.run("ALTER TABLE heads ADD first_line bigint CONSTRAINT first REFERENCES lines").await;
    // Nothing writes the column that would close the circle.
    server.open(sinks()).prepare().await.unwrap();
    let mut sinks = sinks();
    sinks[1].columns.fields.push(field("first_line", Base::Int64.optional()));
    let errors = server.open(sinks.clone()).prepare().await.unwrap_err();
    let [error] = errors.as_slice() else { panic!("{errors:?}") };
    let (name, message, help) = configuration(error);
    assert_eq!(name, "foreign-key-cycle");
    assert_eq!(
        message,
        "the foreign keys of the tables `lines`, `heads` go round in a circle: none can be written first"
    );
    assert_eq!(
        help,
        "ALTER TABLE \"public\".\"lines\" ALTER CONSTRAINT \"lines_head_fkey\" DEFERRABLE INITIALLY DEFERRED"
    );
    server.run(&help).await;
    let file = File::new();
    file.run(&TABLES.replace("customer text", "customer text, first_line bigint REFERENCES lines")).await;
    for database in [server.open(sinks.clone()), file.open(sinks)] {
        let mut driver = Driver::start(database).await;
        for id in 0..5 {
            driver.put_into(0, &[Int(id), Int(id), Null]).unwrap();
            driver.put_into(1, &[Int(id), Text("good"), Int(id)]).unwrap();
        }
        let committed = driver.commit().await.unwrap();
        assert!(committed.refused.is_empty(), "{:?}", committed.refused);
    }
    assert_eq!(server.rows("count(*)", "heads").await, ["5"]);
    assert_eq!(file.rows("count(*)", "heads").await, ["5"]);
}
