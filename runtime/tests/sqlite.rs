//! SQLite as the database of a stage.

use crate::stage::*;
use pipewright_expr::Datum::*;
use pipewright_plan::*;
use pipewright_runtime::sinks::dead_letters::LetterFilter;
use pipewright_runtime::sinks::{AnyDatabase, Database, DatabaseError};
use sqlx::{Connection as _, Row};

pub struct File(tempfile::TempDir);

impl File {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> String {
        self.0.path().join("shop.db").to_str().unwrap().to_string()
    }

    pub fn open(&self, sinks: Vec<Sink>) -> AnyDatabase {
        open("sqlite", &Options::from([("path".to_string(), OptionValue::String(self.path()))]), sinks)
    }

    pub async fn start(&self, sink: Sink) -> Driver {
        Driver::start(self.open(vec![sink])).await
    }

    pub async fn run(&self, sql: &str) {
        let mut connection =
            sqlx::SqliteConnection::connect(&format!("sqlite://{}?mode=rwc", self.path())).await.unwrap();
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    /// One text per row, all columns quoted by SQLite.
    pub async fn rows(&self, columns: &str, table: &str) -> Vec<String> {
        let mut connection = sqlx::SqliteConnection::connect(&format!("sqlite://{}", self.path())).await.unwrap();
        let list: Vec<String> = columns.split(' ').map(|it| format!("quote({it})")).collect();
        let sql = format!("SELECT {} FROM {table} ORDER BY 1", list.join("||' '||"));
        let rows = sqlx::query(&sql).fetch_all(&mut connection).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    pub async fn problems(&self, sink: Sink) -> Vec<(&'static str, String, String)> {
        self.open(vec![sink]).prepare().await.unwrap_err().iter().map(configuration).collect()
    }
}

#[tokio::test]
async fn every_type_is_stored_as_documented() {
    let file = File::new();
    let fields = vec![
        field("b", Base::Bool.required()),
        field("i", Base::Int32.required()),
        field("l", Base::Int64.required()),
        field("f", Base::Float64.required()),
        field("d", Base::Decimal { precision: 38, scale: 2 }.required()),
        field("s", Base::String.required()),
        field("y", Base::Bytes.required()),
        field("u", Base::Uuid.required()),
        field("da", Base::Date.required()),
        field("ti", Base::Time.required()),
        field("ts", Base::Timestamp.required()),
        field("lt", Base::LocalTimestamp.required()),
        field("du", Base::Duration.required()),
        field("j", Base::Json.required()),
        field("n", Base::String.optional()),
    ];
    let mut driver = file.start(sink("t", Write::Append, fields)).await;
    let row = [
        Bool(true),
        Int(-5),
        Int(i64::MIN),
        Float(0.5),
        Decimal(10_i128.pow(38) - 1),
        Text("d'or ü"),
        Bytes(&[0, 255]),
        Bytes(&[0x11; 16]),
        Int(20_454),
        Int(1),
        Int(1_767_225_600_000_001),
        Int(-1),
        Int(90_000_000),
        Text("{\"a\":[1]}"),
        Null,
    ];
    driver.put(&row).unwrap();
    driver.commit().await.unwrap();
    assert_eq!(
        file.rows("b i l f d s y u da ti ts lt du j n", "t").await,
        ["1 -5 -9223372036854775808 0.5 '999999999999999999999999999999999999.99' 'd''or ü' X'00FF' \
          '11111111-1111-1111-1111-111111111111' '2026-01-01' '00:00:00.000001' '2026-01-01T00:00:00.000001Z' \
          '1969-12-31T23:59:59.999999' 90000000 '{\"a\":[1]}' NULL"]
    );
}

#[tokio::test]
async fn the_last_version_wins_within_and_across_epochs() {
    let file = File::new();
    let mut driver = file.start(orders(upsert(&["id"]))).await;
    for id in 0..3000 {
        driver.put(&[Int(id % 1500), Text("new")]).unwrap();
    }
    driver.delete(&[Int(7)]);
    driver.put(&[Int(7), Text("back")]).unwrap();
    driver.delete(&[Int(8)]);
    let committed = driver.commit().await.unwrap();
    assert_eq!((committed.rows[0].stored, committed.rows[0].deleted), (1499, 1));
    driver.put(&[Int(7), Text("paid")]).unwrap();
    driver.put(&[Int(9), Null]).unwrap();
    driver.delete(&[Int(10)]);
    driver.commit().await.unwrap();
    assert_eq!(file.rows("count(*)", "fact_orders").await, ["1498"]);
    assert_eq!(
        file.rows("id status", "fact_orders WHERE id BETWEEN 6 AND 11").await,
        ["11 'new'", "6 'new'", "7 'paid'", "9 NULL"]
    );
    assert_eq!(file.rows("next_offset epoch generation", "pipewright_positions").await, ["3006 2 1"]);
}

#[tokio::test]
async fn composite_keys_marks_versions_and_loading_times() {
    let file = File::new();
    let fields = vec![
        field("shop", Base::String.required()),
        field("id", Base::Int64.required()),
        field("v", Base::Int64.required()),
    ];
    let mark = OnDelete::Mark("gone".to_string());
    let key = vec!["shop".to_string(), "id".to_string()];
    let write = Write::Upsert { key, on_delete: mark, version: Some("v".to_string()) };
    let mut sink = sink("t", write, fields);
    sink.loaded_at = Some("loaded_at".to_string());
    let mut driver = file.start(sink).await;
    driver.put(&[Text("a"), Int(1), Int(5)]).unwrap();
    driver.put(&[Text("b"), Int(1), Int(5)]).unwrap();
    driver.delete(&[Text("b"), Int(1)]);
    driver.commit().await.unwrap();
    driver.put(&[Text("a"), Int(1), Int(4)]).unwrap();
    driver.commit().await.unwrap();
    assert_eq!(file.rows("shop id v gone", "t").await, ["'a' 1 5 0", "'b' 1 5 1"]);
    driver.put(&[Text("b"), Int(1), Int(6)]).unwrap();
    driver.commit().await.unwrap();
    assert_eq!(file.rows("shop id v gone", "t").await, ["'a' 1 5 0", "'b' 1 6 0"]);
    assert_eq!(file.rows("length(loaded_at)", "t").await, ["27", "27"]);
}

#[tokio::test]
async fn an_equal_row_is_not_written_again() {
    let file = File::new();
    let mut driver = file.start(orders(upsert(&["id"]))).await;
    file.run("CREATE TABLE changes (n); CREATE TRIGGER t AFTER UPDATE ON fact_orders BEGIN INSERT INTO changes VALUES (1); END")
        .await;
    for status in [Text("new"), Text("new"), Null, Null] {
        driver.put(&[Int(1), status]).unwrap();
        driver.commit().await.unwrap();
    }
    assert_eq!(file.rows("count(*)", "changes").await, ["1"]);
}

#[tokio::test]
async fn the_old_owner_is_fenced() {
    let file = File::new();
    let mut old = file.start(orders(Write::Append)).await;
    old.put(&[Int(1), Null]).unwrap();
    old.commit().await.unwrap();
    let mut new = file.start(orders(Write::Append)).await;
    assert_eq!((new.acquired.next, new.acquired.generation), (Some(1), 2));
    assert_eq!(new.acquired.topic_id.as_deref(), Some("topic-id"));
    old.put(&[Int(2), Null]).unwrap();
    let error = old.commit().await.unwrap_err();
    assert!(matches!(&error, DatabaseError::Fenced { topic, partition: 3 } if topic == TOPIC), "{error:?}");
    new.put(&[Int(3), Null]).unwrap();
    new.commit().await.unwrap();
    assert_eq!(file.rows("id", "fact_orders").await, ["1", "3"]);
}

#[tokio::test]
async fn a_refused_row_becomes_a_dead_letter_and_the_rest_is_stored() {
    let file = File::new();
    file.run("CREATE TABLE fact_orders (id INTEGER PRIMARY KEY, status TEXT CHECK (status <> 'bad'))").await;
    let mut driver = file.start(orders(upsert(&["id"]))).await;
    for id in 0..1000 {
        driver.put(&[Int(id), Text(if id == 617 { "bad" } else { "good" })]).unwrap();
    }
    // The version before a refused one stays.
    driver.put(&[Int(3), Text("bad")]).unwrap();
    driver.letters.push(letter(5000));
    driver.cursors.insert("orders_file".to_string(), "{\"byte\":7}".to_string());
    let committed = driver.commit().await.unwrap();
    assert_eq!(committed.rows[0].stored, 999);
    let refused: Vec<i64> = committed.refused.iter().map(|it| it.at.offset).collect();
    assert_eq!(refused, [617, 1000]);
    assert_eq!(committed.dead_letters.get("refused"), Some(&2));
    assert_eq!(file.rows("count(*) sum(status='good')", "fact_orders").await, ["999 999"]);
    let letters = driver.database.dead_letters(&LetterFilter::default()).await.unwrap();
    assert_eq!(letters.len(), 3);
    let one = LetterFilter { offset: Some(617), ..LetterFilter::default() };
    let letter = driver.database.dead_letters(&one).await.unwrap().remove(0);
    assert_eq!(letter.reason, "CHECK constraint failed: status <> 'bad'");
    assert_eq!((letter.value.as_deref(), letter.place.as_str()), (Some(&b"617"[..]), "shop.pipe:12"));
    assert_eq!((letter.node.as_str(), letter.stale_key, letter.topic.as_str()), ("fact_orders", true, TOPIC));
    assert_eq!(letter.headers, [("h".to_string(), Some(b"v".to_vec()))]);
    assert_eq!(letter.record_time.as_deref(), Some("1970-01-01T00:00:00.000000Z"));
    assert_eq!(driver.database.cursors().await.unwrap()["orders_file"], "{\"byte\":7}");
}

#[tokio::test]
async fn stop_stores_what_is_before_the_bad_record() {
    let file = File::new();
    file.run("CREATE TABLE fact_orders (id INTEGER, status TEXT CHECK (status <> 'bad'))").await;
    let mut sink = orders(Write::Append);
    sink.on_bad_record = BadRecordPolicy::Stop;
    let mut driver = file.start(sink).await;
    for id in 0..100 {
        driver.put(&[Int(id), Text(if id == 40 || id == 60 { "bad" } else { "good" })]).unwrap();
    }
    let error = driver.commit().await.unwrap_err();
    assert!(matches!(&error, DatabaseError::Stopped(refused) if refused.at.offset == 40), "{error:?}");
    assert_eq!(file.rows("max(id)", "fact_orders").await, ["39"]);
    assert_eq!(file.rows("next_offset", "pipewright_positions").await, ["40"]);
}

#[tokio::test]
async fn before_the_first_run_there_are_no_letters_and_no_file() {
    let file = File::new();
    let mut database = file.open(vec![orders(Write::Append)]);
    assert!(database.dead_letters(&LetterFilter::default()).await.unwrap().is_empty());
    assert!(!std::path::Path::new(&file.path()).exists());
}

#[tokio::test]
async fn skip_forgets_a_refused_row() {
    let file = File::new();
    file.run("CREATE TABLE fact_orders (id INTEGER UNIQUE, status TEXT)").await;
    let mut sink = orders(Write::Append);
    sink.on_bad_record = BadRecordPolicy::Skip;
    let mut driver = file.start(sink).await;
    for status in ["first", "second"] {
        driver.put(&[Int(1), Text(status)]).unwrap();
    }
    let committed = driver.commit().await.unwrap();
    assert_eq!((committed.refused.len(), committed.dead_letters.len()), (1, 0));
    assert_eq!(file.rows("status", "fact_orders").await, ["'first'"]);
    assert!(driver.database.dead_letters(&LetterFilter::default()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_table_that_does_not_fit_is_explained() {
    let file = File::new();
    file.run(
        "CREATE TABLE t (id INTEGER NOT NULL, amount DECIMAL(12,2), code INT, name TEXT NOT NULL, extra TEXT NOT NULL)",
    )
    .await;
    let fields = vec![
        field("id", Base::Int64.required()),
        field("amount", Base::Decimal { precision: 12, scale: 2 }.required()),
        field("code", Base::String.required()),
        field("name", Base::String.optional()),
        field("city", Base::String.optional()),
    ];
    let mut names: Vec<_> = file
        .problems(sink("t", upsert(&["id"]), fields.clone()))
        .await
        .into_iter()
        .map(|it| (it.0, it.1, it.2))
        .collect();
    names.sort();
    let text: Vec<String> = names.iter().map(|(name, message, help)| format!("{name}: {message} [{help}]")).collect();
    assert_eq!(
        text,
        [
            "column-missing: the table `t` has no column `city` [ALTER TABLE \"t\" ADD COLUMN \"city\" TEXT]",
            "column-not-null: `name` may be null, but the column of `t` may not [give it a fallback: `derive name = name ?? …`]",
            "column-not-written: the column `extra` of `t` must not be null, and the sink does not write it [add `extra` to the sink's fields, or give the column a default]",
            "column-type: the column `amount` of `t` is DECIMAL(12,2): SQLite would round a decimal(12, 2) to a float [declare the column TEXT]",
            "column-type: the column `code` of `t` is INT: `007` would become 7 [declare the column TEXT]",
            "unique-missing: the table `t` has no unique index over `id`, the key of the sink [CREATE UNIQUE INDEX \"t_key\" ON \"t\" (\"id\")]",
        ]
    );
    let mut fixed = sink("nowhere", Write::Append, fields.clone());
    fixed.schema_mode = SchemaMode::Fixed;
    assert_eq!(file.problems(fixed).await[0].0, "table-missing");
    assert_eq!(file.problems(sink("sales.t", Write::Append, fields)).await[0].2, "write `table = \"sales_t\"`");
}

#[tokio::test]
async fn evolve_adds_columns_that_may_be_null() {
    let file = File::new();
    file.run("CREATE TABLE fact_orders (id INTEGER PRIMARY KEY)").await;
    let mut sink = orders(upsert(&["id"]));
    sink.schema_mode = SchemaMode::Evolve;
    let mut driver = file.start(sink).await;
    driver.put(&[Int(1), Text("new")]).unwrap();
    driver.commit().await.unwrap();
    assert_eq!(file.rows("id status", "fact_orders").await, ["1 'new'"]);
}

/// In embedded mode a record may be bad before it has a place in a topic.
#[tokio::test]
async fn letters_of_sources_name_their_source() {
    let file = File::new();
    let mut plan = plan("sqlite", vec![orders(Write::Append)]);
    plan.connections[0].options = Options::from([("path".to_string(), OptionValue::String(file.path()))]);
    for source in ["zebra", "apple", "other"] {
        plan.ingest.push(IngestStage {
            source: source.to_string(),
            topic: if source == "other" { "elsewhere" } else { "orders" }.to_string(),
            through: Vec::new(),
            transactional_id: String::new(),
            guarantee: plan.stages[0].guarantee.clone(),
        });
    }
    let database = pipewright_runtime::sinks::open(&plan, &plan.stages[0], "me").unwrap();
    let mut driver = Driver::start(database).await;
    for topic in 0..3 {
        let mut letter = letter(1);
        letter.at.topic = topic;
        driver.letters.push(letter);
    }
    let mut epoch = driver.epoch();
    epoch.moves.clear();
    driver.database.commit(&epoch, &Offsets).await.unwrap();
    let letters = driver.database.dead_letters(&LetterFilter::default()).await.unwrap();
    let mut topics: Vec<&str> = letters.iter().map(|it| it.topic.as_str()).collect();
    // They come in the order of their times, and a millisecond may end between two of them.
    topics.sort_unstable();
    assert_eq!(topics, ["apple", "orders", "zebra"]);
}

/// What is in the table does not depend on where epochs end, nor on which rows are refused on the way.
#[test]
fn epochs_leave_no_trace() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    proptest::proptest!(history::config(120), |(history in history::any())| {
        let found = runtime.block_on(async {
            let file = File::new();
            let create = "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER CHECK (n <> 7), v INTEGER, gone INTEGER DEFAULT 0)";
            file.run(create).await;
            history.run(&mut file.start(history.sink("t")).await).await;
            file.rows("id n v gone", "t").await
        });
        proptest::prop_assert_eq!(found, history.expected("0", "1"));
    });
}

#[tokio::test]
async fn unopenable_files_are_explained() {
    let file = File::new();
    std::fs::write(file.path(), "this is a text, not a database, and long enough to look like one".repeat(20)).unwrap();
    assert_eq!(file.problems(orders(Write::Append)).await[0].0, "database-damaged");
    let nowhere = Options::from([("path".to_string(), OptionValue::String("/nonexistent/shop.db".to_string()))]);
    let errors = open("sqlite", &nowhere, vec![orders(Write::Append)]).prepare().await.unwrap_err();
    assert_eq!(configuration(&errors[0]).1, "the database `/nonexistent/shop.db` cannot be opened");
}

#[tokio::test]
async fn a_value_that_sqlite_cannot_hold_is_a_bad_record() {
    let file = File::new();
    let fields = vec![field("id", Base::Int64.required()), field("f", Base::Float64.required())];
    let mut driver = file.start(sink("t", upsert(&["id"]), fields)).await;
    driver.put(&[Int(1), Float(1.0)]).unwrap();
    assert_eq!(driver.put(&[Int(1), Float(f64::NAN)]).unwrap_err().name, "not-a-number");
    driver.commit().await.unwrap();
    assert_eq!(file.rows("id f", "t").await, ["1 1.0"]);
}
