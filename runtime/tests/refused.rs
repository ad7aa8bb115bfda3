//! Rows and tables that a database refuses: what is a dead letter, what stops the run and with which help, and what the database
//! takes and does not keep. Needs a PostgreSQL server: POSTGRES_URL, or the one of the test stack.

use crate::sqlite::File;
use crate::stage::server::Server;
use crate::stage::*;
use pipewright_expr::Datum::*;
use pipewright_plan::*;
use pipewright_runtime::sinks::dead_letters::LetterFilter;
use pipewright_runtime::sinks::{Committed, Database, DatabaseError};

/// Of a commit: rows stored and deleted, rows and deletes not kept, offsets of the rows refused.
fn told(committed: &Committed) -> (u64, u64, u64, u64, Vec<i64>) {
    let rows = committed.rows[0];
    let refused = committed.refused.iter().map(|it| it.at.offset).collect();
    (rows.stored, rows.deleted, rows.not_kept.rows, rows.not_kept.deletes, refused)
}

async fn reason(driver: &mut Driver) -> String {
    let letters = driver.database.dead_letters(&LetterFilter::default()).await.unwrap();
    letters.last().map(|it| format!("{}: {}", it.node, it.reason)).unwrap_or_default()
}

/// Longer than what an index holds, even compressed.
fn long_key() -> String {
    use std::hash::{BuildHasher, RandomState};
    let random = RandomState::new();
    (0..400).map(|it| format!("{:016x}", random.hash_one(it))).collect()
}

#[tokio::test]
async fn a_key_that_no_index_can_hold_is_a_dead_letter() {
    let server = Server::new().await;
    let fields = vec![field("url", Base::String.required()), field("hits", Base::Int64.required())];
    let mut driver = server.start(sink("pages", upsert(&["url"]), fields)).await;
    let long = long_key();
    for url in ["a", &long, "c"] {
        driver.put(&[Text(url), Int(1)]).unwrap();
    }
    assert_eq!(told(&driver.commit().await.unwrap()), (2, 0, 0, 0, vec![1]));
    assert_eq!(server.rows("url", "pages").await, ["a", "c"]);
    let reason = reason(&mut driver).await;
    assert!(reason.starts_with("pages: index row ") && reason.contains("pages_pkey"), "{reason}");
    // Alone in its epoch as well.
    driver.put(&[Text(&long), Int(1)]).unwrap();
    assert_eq!(told(&driver.commit().await.unwrap()), (0, 0, 0, 0, vec![3]));
}

#[tokio::test]
async fn a_text_that_is_too_long_names_its_column() {
    let server = Server::new().await;
    server.run("CREATE TABLE fact_orders (id bigint PRIMARY KEY, status varchar(3))").await;
    for write in [Write::Append, upsert(&["id"])] {
        let mut driver = server.start(orders(write)).await;
        driver.put(&[Int(driver.offset + 10), Text("long")]).unwrap();
        driver.commit().await.unwrap();
        assert_eq!(
            reason(&mut driver).await,
            "fact_orders: column `status`: value too long for type character varying(3)"
        );
    }
}

/// A table whose trigger fails at some rows, each in another way.
const FAILING: &str = "CREATE TABLE fact_orders (id bigint PRIMARY KEY, status text);
    CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF NEW.status = 'own' THEN RAISE EXCEPTION 'not this one' USING ERRCODE = 'XY001'; END IF;
      IF NEW.status = 'right' THEN RAISE EXCEPTION 'not by you' USING ERRCODE = '42501'; END IF;
      IF NEW.status = 'two' THEN NEW.status := (SELECT 'a' FROM generate_series(1, 2)); END IF;
      IF NEW.status = 'no table' THEN EXECUTE 'SELECT 1 FROM nowhere'; END IF;
      RETURN NEW; END $$;
    CREATE TRIGGER f BEFORE INSERT ON fact_orders FOR EACH ROW EXECUTE FUNCTION f()";

#[tokio::test]
async fn whatever_the_code_a_row_without_which_the_rest_goes_through_is_bad() {
    for write in [Write::Append, upsert(&["id"])] {
        let server = Server::new().await;
        server.run(FAILING).await;
        let mut driver = server.start(orders(write)).await;
        for (id, status) in ["new", "own", "right", "two", "paid"].into_iter().enumerate() {
            driver.put(&[Int(id as i64), Text(status)]).unwrap();
        }
        assert_eq!(told(&driver.commit().await.unwrap()), (2, 0, 0, 0, vec![1, 2, 3]));
        assert_eq!(
            reason(&mut driver).await,
            "fact_orders: more than one row returned by a subquery used as an expression"
        );
        assert_eq!(server.rows("id status", "fact_orders").await, ["0 new", "4 paid"]);
    }
}

#[tokio::test]
async fn an_error_of_every_row_stops_the_run_and_names_the_table() {
    let server = Server::new().await;
    server.run(FAILING).await;
    let mut driver = server.start(orders(Write::Append)).await;
    for id in 0..4 {
        driver.put(&[Int(id), Text("two")]).unwrap();
    }
    let error = driver.commit().await.unwrap_err();
    assert!(matches!(error, DatabaseError::Configuration { sink: Some(0), .. }), "{error:?}");
    let (name, message, help) = configuration(&error);
    assert_eq!(name, "database-refuses");
    assert!(message.starts_with("the table `fact_orders` takes no rows of sink `fact_orders`: "), "{message}");
    assert_eq!(help, "mend `fact_orders` or its triggers and start again: the run goes on after the last commit");
    // What the trigger lacks is no fault of the row.
    let mut driver = server.start(orders(Write::Append)).await;
    driver.put(&[Int(1), Text("new")]).unwrap();
    driver.put(&[Int(2), Text("no table")]).unwrap();
    let (name, message, _) = configuration(&driver.commit().await.unwrap_err());
    assert_eq!(name, "table-missing");
    assert!(message.contains("relation \"nowhere\" does not exist"), "{message}");
    assert_eq!(server.rows("count(*)", "fact_orders").await, ["0"]);
    assert_eq!(server.rows("count(*)", "pipewright.dead_letters").await, ["0"]);
}

/// While a stage runs, errors have the words they have at the start.
#[tokio::test]
async fn a_table_changed_in_the_middle_is_explained_as_at_the_start() {
    let server = Server::new().await;
    let role = format!("r{}", server.name);
    server
        .run(&format!(
            "CREATE ROLE {role} LOGIN; GRANT CREATE ON DATABASE {} TO {role}; \
             CREATE TABLE fact_orders (id bigint PRIMARY KEY, status text, n bigserial); \
             GRANT SELECT, INSERT, UPDATE, DELETE ON fact_orders TO {role}; GRANT USAGE ON fact_orders_n_seq TO {role}",
            server.name
        ))
        .await;
    let mut url = server.url.clone();
    url.set_username(&role).unwrap();
    let (gone, back) = ("ALTER TABLE fact_orders DROP COLUMN status", "ALTER TABLE fact_orders ADD COLUMN status text");
    let table = "\"public\".\"fact_orders\"";
    for write in [Write::Append, upsert(&["id"])] {
        let mut driver = Driver::start(open("postgres", &server.options(&url), vec![orders(write.clone())])).await;
        let mut said = Vec::new();
        for (change, undone) in [
            ("REVOKE INSERT ON fact_orders FROM ROLE", "GRANT INSERT ON fact_orders TO ROLE"),
            (gone, back),
            ("REVOKE USAGE ON fact_orders_n_seq FROM ROLE", "GRANT USAGE ON fact_orders_n_seq TO ROLE"),
            ("ALTER TABLE fact_orders RENAME TO other", "ALTER TABLE other RENAME TO fact_orders"),
            (
                "REVOKE INSERT, UPDATE ON pipewright.positions FROM ROLE",
                "GRANT INSERT, UPDATE ON pipewright.positions TO ROLE",
            ),
        ] {
            driver.put(&[Int(1), Text("new")]).unwrap();
            server.run(&change.replace("ROLE", &role)).await;
            let epoch = driver.epoch();
            let error = driver.database.commit(&epoch, &Offsets).await.unwrap_err();
            let (name, message, help) = configuration(&error);
            let place = matches!(error, DatabaseError::Configuration { sink: Some(0), .. });
            said.push((name, message, help.replace(&role, "ROLE"), place));
            server.run(&undone.replace("ROLE", &role)).await;
        }
        assert_eq!(
            said.iter().map(|it| (it.0, it.2.as_str(), it.3)).collect::<Vec<_>>(),
            [
                ("permission-denied", format!("GRANT INSERT ON {table} TO ROLE").as_str(), true),
                ("column-missing", format!("ALTER TABLE {table} ADD COLUMN \"status\" text").as_str(), true),
                ("permission-denied", "GRANT USAGE ON SEQUENCE \"fact_orders_n_seq\" TO ROLE", true),
                ("table-missing", "bring it back with its rows: the next run goes on after the last commit", true),
                (
                    "permission-denied",
                    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA pipewright TO ROLE",
                    false
                ),
            ]
        );
        assert_eq!(said[0].1, "this user lacks INSERT on the table `fact_orders`");
        assert_eq!(said[1].1, "the table `fact_orders` has no column `status`");
        assert_eq!(said[3].1, "the table `fact_orders` was dropped or renamed while the program ran");
        assert_eq!(server.rows("count(*)", "fact_orders").await, ["0"]);
    }
    server.run(&format!("DROP OWNED BY {role}")).await;
}

/// A trigger that returns NULL: the database says that all went well.
#[tokio::test]
async fn rows_that_a_trigger_drops_are_not_stored() {
    let server = Server::new().await;
    server
        .run(
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
               IF TG_OP = 'DELETE' THEN RETURN CASE WHEN OLD.id = 5 THEN NULL ELSE OLD END; END IF;
               IF NEW.status = TG_OP THEN RETURN NULL; END IF;
               NEW.status := lower(NEW.status); RETURN NEW; END $$",
        )
        .await;
    for (table, write) in [("a", Write::Append), ("b", upsert(&["id"]))] {
        server
            .run(&format!(
                "CREATE TABLE {table} (id bigint PRIMARY KEY, status text);
                 CREATE TRIGGER f BEFORE INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION f()"
            ))
            .await;
        let mut sink = orders(write);
        sink.table = table.to_string();
        let mut driver = server.start(sink).await;
        for (id, status) in ["New", "INSERT", "INSERT", "Paid", "Paid", "Paid", "Paid"].into_iter().enumerate() {
            driver.put(&[Int(id as i64), Text(status)]).unwrap();
        }
        assert_eq!(told(&driver.commit().await.unwrap()), (5, 0, 2, 0, vec![]));
        assert_eq!(server.rows("id", table).await, ["0", "3", "4", "5", "6"]);
        if table == "a" {
            continue;
        }
        // Found equal, changed, dropped, bad; deleted, not there, kept.
        for (id, status) in [(0, "New"), (3, "Done"), (4, "INSERT"), (6, "UPDATE"), (7, "Paid")] {
            driver.put(&[Int(id), Text(status)]).unwrap();
        }
        for id in [1, 5] {
            driver.delete(&[Int(id)]);
        }
        assert_eq!(told(&driver.commit().await.unwrap()), (4, 1, 1, 1, vec![]));
        assert_eq!(
            server.rows("id status", table).await,
            ["0 new", "3 done", "4 paid", "5 paid", "6 update", "7 paid"]
        );
    }
}

#[tokio::test]
async fn sqlite_tells_the_same() {
    let file = File::new();
    file.run(
        "CREATE TABLE a (id INTEGER PRIMARY KEY, status TEXT, part TEXT AS (json_extract(status, '$.a')) STORED);
         CREATE TRIGGER f BEFORE INSERT ON a WHEN NEW.status = '1' BEGIN SELECT RAISE(ABORT, 'not this one'); END;
         CREATE TRIGGER g BEFORE INSERT ON a WHEN NEW.status = '2' BEGIN SELECT RAISE(IGNORE); END;
         CREATE TRIGGER h BEFORE UPDATE ON a WHEN NEW.status = '3' BEGIN SELECT RAISE(IGNORE); END;
         CREATE TRIGGER i BEFORE DELETE ON a WHEN OLD.status = '4' BEGIN SELECT RAISE(IGNORE); END;
         CREATE TRIGGER j BEFORE INSERT ON a WHEN NEW.status = '5' BEGIN SELECT RAISE(ROLLBACK, 'all of it'); END;",
    )
    .await;
    for write in [Write::Append, upsert(&["id"])] {
        let mut sink = orders(write.clone());
        sink.table = "a".to_string();
        file.run("DELETE FROM a WHERE id < 20").await;
        file.run("DROP TABLE IF EXISTS pipewright_positions").await;
        let mut driver = file.start(sink.clone()).await;
        for (id, status) in ["6", "1", "2", "no JSON", "4", "6"].into_iter().enumerate() {
            driver.put(&[Int(id as i64), Text(status)]).unwrap();
        }
        assert_eq!(told(&driver.commit().await.unwrap()), (3, 0, 1, 0, vec![1, 3]), "{write:?}");
        assert_eq!(reason(&mut driver).await, "fact_orders: malformed JSON");
        assert_eq!(file.rows("id", "a").await, ["0", "4", "5"]);
        if write != Write::Append {
            // Found equal, dropped twice, new; deleted, not there, kept.
            for (id, status) in [(0, "6"), (5, "3"), (6, "2"), (7, "3")] {
                driver.put(&[Int(id), Text(status)]).unwrap();
            }
            for id in [4, 9] {
                driver.delete(&[Int(id)]);
            }
            assert_eq!(told(&driver.commit().await.unwrap()), (2, 1, 2, 1, vec![]));
        }
        driver.put(&[Int(18), Text("6")]).unwrap();
        driver.put(&[Int(19), Text("5")]).unwrap();
        let (_, message, help) = configuration(&driver.commit().await.unwrap_err());
        assert!(message.contains("rolled the transaction back") && help.contains("RAISE(ABORT"), "{message} {help}");
        file.run("DELETE FROM a WHERE status = '4'; DROP TRIGGER i").await;
        file.run("CREATE TRIGGER i BEFORE DELETE ON a WHEN OLD.status = '4' BEGIN SELECT RAISE(IGNORE); END").await;
    }
}

#[tokio::test]
async fn sqlite_explains_a_table_changed_in_the_middle() {
    let file = File::new();
    let mut driver = file.start(orders(upsert(&["id"]))).await;
    driver.put(&[Int(1), Text("new")]).unwrap();
    driver.commit().await.unwrap();
    for (change, expected) in [
        (
            "ALTER TABLE fact_orders RENAME COLUMN status TO other",
            ("column-missing", "ALTER TABLE \"fact_orders\" ADD COLUMN \"status\" TEXT"),
        ),
        (
            "DROP TABLE fact_orders",
            ("table-missing", "bring it back with its rows: the next run goes on after the last commit"),
        ),
    ] {
        driver.put(&[Int(2), Text("new")]).unwrap();
        let epoch = driver.epoch();
        file.run(change).await;
        let error = driver.database.commit(&epoch, &Offsets).await.unwrap_err();
        assert!(matches!(error, DatabaseError::Configuration { sink: Some(0), .. }), "{error:?}");
        let (name, _, help) = configuration(&error);
        assert_eq!((name, help.as_str()), expected);
    }
}
