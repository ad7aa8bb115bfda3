//! PostgreSQL as the database of a stage. Needs a server: POSTGRES_URL, or the one of the test stack. Each test has a database
//! of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::stage::server::Server;
use crate::stage::*;
use pipewright_expr::Datum::*;
use pipewright_plan::*;
use pipewright_runtime::sinks::dead_letters::LetterFilter;
use pipewright_runtime::sinks::{Database, DatabaseError};
use sqlx::{Connection as _, Executor, PgConnection};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

fn every_type() -> Vec<Field> {
    vec![
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
        field("n", Base::List(Box::new(Base::Int32.required())).optional()),
    ]
}

const EVERY_VALUE: [pipewright_expr::Datum<'static>; 15] = [
    Bool(true),
    Int(-5),
    Int(i64::MIN),
    Float(0.1),
    Decimal(99_999_999_999_999_999_999_999_999_999_999_999_999),
    Text("d'or ü"),
    Bytes(&[0, 255]),
    Bytes(&[0x11; 16]),
    Int(-719_162),
    Int(86_399_999_999),
    Int(1_767_225_600_000_001),
    Int(-1),
    Int(-90_000_001),
    Text("{\"a\":[1.50]}"),
    Null,
];

#[tokio::test]
async fn every_type_arrives() {
    let server = Server::new().await;
    for write in [Write::Append, upsert(&["l"])] {
        let name = if write == Write::Append { "appended" } else { "upserted" };
        let mut driver = server.start(sink(name, write, every_type())).await;
        driver.put(&EVERY_VALUE).unwrap();
        driver.commit().await.unwrap();
        assert_eq!(
            server.rows("b i l f d s y u da ti ts lt du j n", name).await,
            ["true -5 -9223372036854775808 0.1 999999999999999999999999999999999999.99 d'or ü \\x00ff \
              11111111-1111-1111-1111-111111111111 0001-01-01 23:59:59.999999 2026-01-01 00:00:00.000001+00 \
              1969-12-31 23:59:59.999999 -00:01:30.000001 {\"a\": [1.50]} NULL"]
        );
    }
}

#[tokio::test]
async fn columns_of_another_type_are_written_as_they_are() {
    let server = Server::new().await;
    server
        .run("CREATE TYPE mood AS ENUM ('new', 'paid'); CREATE DOMAIN cents AS numeric(14, 2) CHECK (value >= 0); \
              CREATE TABLE t (id numeric(19) PRIMARY KEY, small bigint, m mood, price cents, code varchar(3), u text, j json, k text)")
        .await;
    let fields = vec![
        field("id", Base::Int64.required()),
        field("small", Base::Int32.required()),
        field("m", Base::Set(vec!["new".to_string(), "paid".to_string()]).required()),
        field("price", Base::Decimal { precision: 6, scale: 1 }.required()),
        field("code", Base::String.required()),
        field("u", Base::Uuid.required()),
        field("j", Base::Json.optional()),
        field("k", Base::Json.optional()),
    ];
    let mut driver = server.start(sink("t", upsert(&["id"]), fields)).await;
    for price in [15, 16, -1] {
        let row = [
            Int(i64::MAX),
            Int(7),
            Text("paid"),
            Decimal(price),
            Text("abc"),
            Bytes(&[1; 16]),
            Text("{}"),
            Text("[1]"),
        ];
        driver.put(&row).unwrap();
        let committed = driver.commit().await.unwrap();
        assert_eq!(committed.refused.len(), usize::from(price < 0));
    }
    assert_eq!(
        server.rows("id small m price code u j k", "t").await,
        ["9223372036854775807 7 paid 1.60 abc 01010101-0101-0101-0101-010101010101 {} [1]"]
    );
}

#[tokio::test]
async fn random_decimals_arrive_digit_by_digit() {
    use std::hash::{BuildHasher, RandomState};
    let server = Server::new().await;
    let scales = [0_u8, 1, 2, 3, 4, 5, 9, 18, 37, 38];
    let mut fields = vec![field("id", Base::Int64.required())];
    let decimal = |scale: &u8| field(&format!("d{scale}"), Base::Decimal { precision: 38, scale: *scale }.required());
    fields.extend(scales.iter().map(decimal));
    let mut driver = server.start(sink("t", Write::Append, fields)).await;
    let random = RandomState::new();
    let limit = 10_i128.pow(38);
    let mut expected = Vec::new();
    for id in 0..1500_i64 {
        let unscaled = |column: usize| {
            let bits = u128::from(random.hash_one((id, column))) << 64 | u128::from(random.hash_one((column, id)));
            let digits = 10_i128.pow(1 + (bits % 38) as u32);
            let trailing = if bits & 3 == 0 { 10_i128.pow((bits >> 8) as u32 % 9) } else { 1 };
            (bits as i128) % digits / trailing * trailing % limit
        };
        let mut row = vec![Int(id)];
        let mut line = format!("{id:05}");
        for (column, scale) in scales.iter().enumerate() {
            let value = unscaled(column);
            row.push(Decimal(value));
            line.push(' ');
            line.push_str(&bigdecimal::BigDecimal::new(value.into(), i64::from(*scale)).to_plain_string());
        }
        driver.put(&row).unwrap();
        expected.push(line);
    }
    driver.commit().await.unwrap();
    let columns: Vec<String> = scales.iter().map(|scale| format!("d{scale}")).collect();
    let found = server.rows(&format!("lpad(id::text,5,'0') {}", columns.join(" ")), "t").await;
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(found, expected);
    }
    assert_eq!(found.len(), expected.len());
}

#[tokio::test]
async fn the_last_version_wins_within_and_across_epochs() {
    let server = Server::new().await;
    let mut driver = server.start(orders(upsert(&["id"]))).await;
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
    driver.delete(&[Int(8)]);
    driver.commit().await.unwrap();
    assert_eq!(server.rows("count(*)", "fact_orders").await, ["1498"]);
    assert_eq!(
        server.rows("id status", "fact_orders WHERE id BETWEEN 6 AND 11").await,
        ["11 new", "6 new", "7 paid", "9 NULL"]
    );
    assert_eq!(server.rows("next_offset epoch generation", "pipewright.positions").await, ["3007 2 1"]);
}

#[tokio::test]
async fn composite_keys_marks_versions_and_loading_times() {
    let server = Server::new().await;
    let fields = vec![
        field("shop", Base::String.required()),
        field("id", Base::Int64.required()),
        field("v", Base::Decimal { precision: 10, scale: 0 }.required()),
    ];
    let key = vec!["shop".to_string(), "id".to_string()];
    let write = Write::Upsert { key, on_delete: OnDelete::Mark("gone".to_string()), version: Some("v".to_string()) };
    let mut sink = sink("t", write, fields);
    sink.loaded_at = Some("loaded_at".to_string());
    let mut driver = server.start(sink).await;
    driver.put(&[Text("a"), Int(1), Decimal(10)]).unwrap();
    driver.put(&[Text("b"), Int(1), Decimal(10)]).unwrap();
    driver.delete(&[Text("b"), Int(1)]);
    driver.commit().await.unwrap();
    driver.put(&[Text("a"), Int(1), Decimal(9)]).unwrap();
    driver.commit().await.unwrap();
    assert_eq!(server.rows("shop id v gone", "t").await, ["a 1 10 false", "b 1 10 true"]);
    driver.put(&[Text("b"), Int(1), Decimal(11)]).unwrap();
    driver.commit().await.unwrap();
    assert_eq!(server.rows("shop id v gone", "t").await, ["a 1 10 false", "b 1 11 false"]);
    assert_eq!(server.rows("loaded_at>now()-interval'1min'", "t").await, ["true", "true"]);
}

#[tokio::test]
async fn composite_deletes_and_rows_of_nothing_but_a_key() {
    let server = Server::new().await;
    let fields = vec![field("shop", Base::String.required()), field("id", Base::Int64.required())];
    let mut driver = server.start(sink("t", upsert(&["shop", "id"]), fields)).await;
    for id in 0..10 {
        driver.put(&[Text("a"), Int(id)]).unwrap();
        driver.put(&[Text("b"), Int(id)]).unwrap();
    }
    driver.commit().await.unwrap();
    driver.put(&[Text("a"), Int(1)]).unwrap();
    for id in 2..10 {
        driver.delete(&[Text("a"), Int(id)]);
    }
    driver.commit().await.unwrap();
    assert_eq!(server.rows("shop count(*)", "t GROUP BY shop").await, ["a 2", "b 10"]);
}

#[tokio::test]
async fn an_equal_row_is_not_written_again() {
    let server = Server::new().await;
    let mut driver = server.start(orders(upsert(&["id"]))).await;
    let mut versions = Vec::new();
    for status in [Text("new"), Text("new"), Null, Null] {
        driver.put(&[Int(1), status]).unwrap();
        driver.commit().await.unwrap();
        versions.extend(server.rows("xmin", "fact_orders").await);
    }
    assert_eq!(versions[0], versions[1]);
    assert_ne!(versions[1], versions[2]);
    assert_eq!(versions[2], versions[3]);
}

#[tokio::test]
async fn the_old_owner_is_fenced() {
    let server = Server::new().await;
    let mut old = server.start(orders(Write::Append)).await;
    old.put(&[Int(1), Null]).unwrap();
    old.commit().await.unwrap();
    let mut new = server.start(orders(Write::Append)).await;
    assert_eq!((new.acquired.next, new.acquired.generation), (Some(1), 2));
    assert_eq!(new.acquired.topic_id.as_deref(), Some("topic-id"));
    old.put(&[Int(2), Null]).unwrap();
    let error = old.commit().await.unwrap_err();
    assert!(matches!(&error, DatabaseError::Fenced { topic, partition: 3 } if topic == TOPIC), "{error:?}");
    new.put(&[Int(3), Null]).unwrap();
    new.commit().await.unwrap();
    assert_eq!(server.rows("id", "fact_orders").await, ["1", "3"]);
    // The connection of the old owner is of use again.
    let acquired = acquire(&mut old.database).await;
    assert_eq!((acquired.next, acquired.generation), (Some(2), 3));
}

#[tokio::test]
async fn after_a_lost_connection_nothing_is_doubled() {
    let server = Server::new().await;
    let mut driver = server.start(orders(upsert(&["id"]))).await;
    driver.put(&[Int(1), Text("a")]).unwrap();
    driver.commit().await.unwrap();
    server
        .run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
              WHERE datname = current_database() AND application_name LIKE 'pipewright%'",
        )
        .await;
    driver.put(&[Int(2), Text("b")]).unwrap();
    let epoch = driver.epoch();
    let error = driver.database.commit(&epoch, &Offsets).await.unwrap_err();
    assert!(
        matches!(&error, DatabaseError::Unavailable(why) if why.contains("127.0.0.1") || why.contains("PostgreSQL"))
    );
    let acquired = acquire(&mut driver.database).await;
    assert_eq!((acquired.next, acquired.generation), (Some(1), 2));
    // The epoch of the old generation stays refused; the same records under the new one are stored.
    let error = driver.database.commit(&epoch, &Offsets).await.unwrap_err();
    assert!(matches!(error, DatabaseError::Fenced { .. }), "{error:?}");
    driver.acquired = acquired;
    driver.offset = 1;
    driver.put(&[Int(2), Text("b")]).unwrap();
    driver.commit().await.unwrap();
    assert_eq!(server.rows("id status", "fact_orders").await, ["1 a", "2 b"]);
}

/// The COMMIT reaches the server, its answer does not reach us: only the stored position tells what happened.
#[tokio::test]
async fn a_commit_whose_answer_is_lost_has_happened() {
    let server = Server::new().await;
    let proxy = Proxy::start(&server.url).await;
    let mut driver = Driver::start(open("postgres", &server.options(&proxy.url), vec![orders(Write::Append)])).await;
    driver.put(&[Int(1), Null]).unwrap();
    driver.commit().await.unwrap();
    proxy.lose_answer_to_commit.store(true, Ordering::SeqCst);
    driver.put(&[Int(2), Null]).unwrap();
    let error = driver.commit().await.unwrap_err();
    assert!(matches!(error, DatabaseError::Unavailable(_)), "{error:?}");
    let acquired = acquire(&mut driver.database).await;
    assert_eq!((acquired.next, acquired.generation), (Some(2), 2));
    assert_eq!(server.rows("id", "fact_orders").await, ["1", "2"]);
}

/// Stands between us and the server.
struct Proxy {
    url: url::Url,
    lose_answer_to_commit: Arc<AtomicBool>,
}

impl Proxy {
    async fn start(server: &url::Url) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut url = server.clone();
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
        let target = (server.host_str().unwrap().to_string(), server.port().unwrap_or(5432));
        let lose_answer_to_commit = Arc::new(AtomicBool::new(false));
        let lose = lose_answer_to_commit.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let upstream = TcpStream::connect(target.clone()).await.unwrap();
                tokio::spawn(Self::carry(client, upstream, lose.clone()));
            }
        });
        Self { url, lose_answer_to_commit }
    }

    async fn carry(mut client: TcpStream, mut upstream: TcpStream, lose: Arc<AtomicBool>) {
        let (mut asked, mut answered) = (vec![0; 65536], vec![0; 65536]);
        loop {
            tokio::select! {
                read = client.read(&mut asked) => match read {
                    Ok(read @ 1..) => {
                        upstream.write_all(&asked[..read]).await.unwrap();
                        if asked[..read].windows(6).any(|it| it == b"COMMIT") && lose.swap(false, Ordering::SeqCst) {
                            // The server has answered; nobody hears it.
                            let _ = upstream.read(&mut answered).await;
                            return;
                        }
                    }
                    _ => return,
                },
                read = upstream.read(&mut answered) => match read {
                    Ok(read @ 1..) => client.write_all(&answered[..read]).await.unwrap(),
                    _ => return,
                },
            }
        }
    }
}

#[tokio::test]
async fn a_refused_row_becomes_a_dead_letter_and_the_rest_is_stored() {
    let server = Server::new().await;
    server.run("CREATE TABLE fact_orders (id bigint PRIMARY KEY, status text CHECK (status <> 'bad'))").await;
    let mut driver = server.start(orders(upsert(&["id"]))).await;
    for id in 0..1000 {
        driver.put(&[Int(id), Text(if id == 617 { "bad" } else { "good" })]).unwrap();
    }
    // The version before a refused one stays.
    driver.put(&[Int(3), Text("bad")]).unwrap();
    driver.letters.push(letter(5000));
    driver.cursors.insert("orders_file".to_string(), "{\"byte\":7}".to_string());
    let committed = driver.commit().await.unwrap();
    assert_eq!(committed.rows[0].stored, 999);
    let mut refused: Vec<i64> = committed.refused.iter().map(|it| it.at.offset).collect();
    refused.sort();
    assert_eq!(refused, [617, 1000]);
    assert_eq!(server.rows("count(*) min(status) max(status)", "fact_orders").await, ["999 good good"]);
    let letters = driver.database.dead_letters(&LetterFilter::default()).await.unwrap();
    assert_eq!(letters.len(), 3);
    let undecodable = letters.iter().find(|it| it.name == "undecodable").unwrap();
    assert_eq!((undecodable.value.as_deref(), undecodable.reason.as_str()), (Some(&[0, 0xff][..]), "not ␀ JSON"));
    assert_eq!(undecodable.record_time.as_deref(), Some("2026-01-01T00:00:00.000000Z"));
    let one = LetterFilter { offset: Some(617), limit: Some(5), ..LetterFilter::default() };
    let letter = driver.database.dead_letters(&one).await.unwrap().remove(0);
    assert_eq!(
        letter.reason,
        "new row for relation \"fact_orders\" violates check constraint \"fact_orders_status_check\""
    );
    assert_eq!((letter.value.as_deref(), letter.place.as_str()), (Some(&b"617"[..]), "shop.pipe:12"));
    assert_eq!((letter.node.as_str(), letter.stale_key, letter.topic.as_str()), ("fact_orders", true, TOPIC));
    assert_eq!(letter.headers, [("h".to_string(), Some(b"v".to_vec()))]);
    assert_eq!(driver.database.cursors().await.unwrap()["orders_file"], "{\"byte\":7}");
    assert_eq!(server.rows("next_offset", "pipewright.positions").await, ["1001"]);
    driver.put(&[Int(617), Text("good")]).unwrap();
    driver.commit().await.unwrap();
    assert_eq!(server.rows("count(*)", "fact_orders").await, ["1000"]);
}

#[tokio::test]
async fn a_constraint_checked_at_the_end_is_found_as_well() {
    let server = Server::new().await;
    server
        .run(
            "CREATE TABLE status (name text PRIMARY KEY); INSERT INTO status VALUES ('new'); CREATE TABLE fact_orders \
              (id bigint, status text REFERENCES status DEFERRABLE INITIALLY DEFERRED)",
        )
        .await;
    let mut driver = server.start(orders(Write::Append)).await;
    for id in 0..50 {
        driver.put(&[Int(id), Text(if id == 20 { "unknown" } else { "new" })]).unwrap();
    }
    let committed = driver.commit().await.unwrap();
    assert_eq!((committed.rows[0].stored, committed.refused.len()), (49, 1));
    assert_eq!(committed.refused[0].at.offset, 20);
    assert_eq!(server.rows("count(*)", "fact_orders").await, ["49"]);
}

/// Lines refer to orders, which are written after them: the check at the end lets them pass. A bad row elsewhere must not
/// turn the good ones into dead letters.
#[tokio::test]
async fn rows_that_refer_to_later_rows_stay_good() {
    let server = Server::new().await;
    server
        .run(
            "CREATE TABLE orders (id bigint PRIMARY KEY, status text CHECK (status <> 'bad')); CREATE TABLE lines \
              (id bigint PRIMARY KEY, order_id bigint REFERENCES orders DEFERRABLE INITIALLY DEFERRED)",
        )
        .await;
    let fields = |other| vec![field("id", Base::Int64.required()), other];
    let lines = sink("lines", upsert(&["id"]), fields(field("order_id", Base::Int64.optional())));
    let orders = sink("orders", upsert(&["id"]), fields(field("status", Base::String.optional())));
    let mut driver = Driver::start(server.open(vec![lines, orders])).await;
    for (round, unknown) in [(0, false), (1, true)] {
        for id in 100 * round..100 * round + 20 {
            let order = if unknown && id == 107 { 99_999 } else { id };
            driver.put_into(0, &[Int(id), Int(order)]).unwrap();
            driver.put_into(1, &[Int(id), Text(if id == 5 { "bad" } else { "good" })]).unwrap();
        }
        if round == 0 {
            // Without its order, line 5 is refused at the end.
            driver.put_into(0, &[Int(5), Null]).unwrap();
        }
        let committed = driver.commit().await.unwrap();
        assert_eq!(committed.refused.len(), 1, "{:?}", committed.refused);
        assert_eq!(committed.refused[0].sink, usize::from(!unknown));
    }
    assert_eq!(server.rows("count(*)", "lines").await, ["39"]);
    assert_eq!(server.rows("count(*)", "orders").await, ["39"]);
}

/// What is in the table does not depend on where epochs end, nor on which rows are refused on the way.
#[test]
fn epochs_leave_no_trace() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = runtime.block_on(Server::new());
    proptest::proptest!(history::config(20), |(history in history::any())| {
        let found = runtime.block_on(async {
            server
                .run("DROP TABLE IF EXISTS t; DROP SCHEMA IF EXISTS pipewright CASCADE; CREATE TABLE t \
                      (id bigint PRIMARY KEY, n bigint CHECK (n <> 7), v bigint, gone boolean DEFAULT false)")
                .await;
            history.run(&mut server.start(history.sink("t")).await).await;
            server.rows("id n v gone", "t").await
        });
        proptest::prop_assert_eq!(found, history.expected("false", "true"));
    });
}

#[tokio::test]
async fn stop_stores_what_is_before_the_bad_record() {
    let server = Server::new().await;
    server.run("CREATE TABLE fact_orders (id bigint, status text CHECK (status <> 'bad'))").await;
    let mut sink = orders(Write::Append);
    sink.on_bad_record = BadRecordPolicy::Stop;
    let mut driver = server.start(sink).await;
    for id in 0..100 {
        driver.put(&[Int(id), Text(if id == 40 || id == 60 { "bad" } else { "good" })]).unwrap();
    }
    let error = driver.commit().await.unwrap_err();
    assert!(matches!(&error, DatabaseError::Stopped(refused) if refused.at.offset == 40), "{error:?}");
    assert_eq!(server.rows("max(id)", "fact_orders").await, ["39"]);
    assert_eq!(server.rows("next_offset", "pipewright.positions").await, ["40"]);
}

#[tokio::test]
async fn text_that_postgres_cannot_hold_is_a_bad_record() {
    let server = Server::new().await;
    let fields = vec![field("s", Base::String.required()), field("j", Base::Json.required())];
    let mut driver = server.start(sink("t", Write::Append, fields)).await;
    assert_eq!(driver.put(&[Text("a\0b"), Text("{}")]).unwrap_err().name, "nul-in-text");
    assert_eq!(driver.put(&[Text("a"), Text(r#"{"a":"\u0000"}"#)]).unwrap_err().name, "nul-in-text");
    driver.put(&[Text("a"), Text(r#"{"a":"\\u0000"}"#)]).unwrap();
    // Half a surrogate pair: only the database finds that.
    driver.put(&[Text("b"), Text(r#"{"a":"\ud800"}"#)]).unwrap();
    let committed = driver.commit().await.unwrap();
    assert_eq!((committed.rows[0].stored, committed.refused.len()), (1, 1));
    assert_eq!(server.rows("s", "t").await, ["a"]);
}

/// Two writers of one table lock rows in either order through a second unique index: a deadlock is tried again at once.
#[tokio::test]
async fn deadlocks_are_tried_again() {
    let server = Server::new().await;
    server.run("CREATE TABLE fact_orders (id bigint PRIMARY KEY, status text); CREATE TABLE other (id bigint PRIMARY KEY); \
                INSERT INTO other VALUES (1)").await;
    server.run("CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE other SET id = 1; RETURN NEW; END $$; \
                CREATE TRIGGER touch BEFORE INSERT OR UPDATE ON fact_orders FOR EACH ROW WHEN (NEW.id = 2) EXECUTE FUNCTION touch(); \
                INSERT INTO fact_orders VALUES (1, 'old')").await;
    let mut driver = server.start(orders(upsert(&["id"]))).await;
    let mut rival = PgConnection::connect(server.url.as_str()).await.unwrap();
    rival.execute("SET deadlock_timeout = '10s'; BEGIN; UPDATE other SET id = 1").await.unwrap();
    driver.put(&[Int(1), Text("a")]).unwrap();
    driver.put(&[Int(2), Text("b")]).unwrap();
    let rival = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(300)).await;
        rival.execute("UPDATE fact_orders SET status = 'rival' WHERE id = 1; COMMIT").await.unwrap();
    });
    driver.commit().await.unwrap();
    rival.await.unwrap();
    assert_eq!(server.rows("id status", "fact_orders").await, ["1 a", "2 b"]);
}

/// sqlx 0.9.0 lost TCP_NODELAY, and every commit took 40 ms longer.
#[tokio::test]
async fn small_commits_do_not_stall() {
    let server = Server::new().await;
    let mut driver = server.start(orders(Write::Append)).await;
    let mut best = Duration::MAX;
    let mut commits = 0;
    // A busy machine has a quick moment now and then; a stall is in every commit.
    while best > Duration::from_millis(35) {
        assert!(commits < 2000, "no commit of {commits} took less than {best:?}");
        for id in 0..1000 {
            driver.put(&[Int(id), Text("new")]).unwrap();
        }
        let start = Instant::now();
        driver.commit().await.unwrap();
        best = best.min(start.elapsed());
        commits += 1;
    }
    assert_eq!(server.rows("count(*)", "fact_orders").await, [(commits * 1000).to_string()]);
}
