//! What was answered is in the database, whatever happens next; what was refused is not.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::{Arc, Barrier};
use std::time::Duration;

use crate::support::{Database, Kind, World, at, on_both};
use motcua::domain::case_number::CaseNumber;
use motcua::store::{DatabaseUrl, Store, StoreError, StoreOptions, dossiers, settings};

/// Tells a copy of this test program to be the one that is killed, and on which database.
const VICTIM: &str = "MOTCUA_TEST_VICTIM";
const ACKNOWLEDGED: &str = "acknowledged ";

/// Receives with many threads, telling each number once it is answered, until it is killed.
fn receive_until_killed(url: &str) {
    let url: DatabaseUrl = url.parse().unwrap();
    let store = Store::open(&url, StoreOptions::default()).unwrap();
    let world = World { store };
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                loop {
                    let when = at("2021-03-01 08:00");
                    let dossier = world.receive_at("H37.20.01", "2.000815", when);
                    println!("{ACKNOWLEDGED}{}", dossier.case_number);
                }
            });
        }
    });
}

on_both! {
    fn what_was_acknowledged_survives_a_kill(db: &Database) {
        if let Ok(url) = std::env::var(VICTIM) {
            return receive_until_killed(&url);
        }
        World::new(db.store());
        let this_test = std::thread::current().name().unwrap().to_owned();
        let mut victim = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", &this_test, "--nocapture"])
            .env(VICTIM, db.url())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(victim.stdout.take().unwrap()).lines();
        let mut acknowledged = BTreeSet::new();
        for line in lines {
            // The last line may be cut short by the kill.
            let Ok(line) = line else { break };
            if let Some((_, number)) = line.split_once(ACKNOWLEDGED)
                && let Ok(number) = CaseNumber::parse(number)
            {
                acknowledged.insert(number);
            }
            if acknowledged.len() == 150 {
                victim.kill().unwrap();
            }
        }
        victim.wait().unwrap();
        assert!(acknowledged.len() >= 150);
        let store = db.store();
        for number in &acknowledged {
            let found = store.read(|conn| dossiers::find_id(conn, number)).unwrap();
            assert!(found.is_some(), "{number} was acknowledged and is lost");
        }
        let verified = motcua::tools::verify::verify(&store, 10).unwrap();
        assert_eq!(verified.findings, []);
        assert!(verified.dossiers >= 150);
    }
}

#[test]
fn requests_that_wait_are_committed_together_and_a_refusal_undoes_only_itself() {
    let db = Database::new(Kind::Sqlite);
    let store = db.store();
    let begun = Arc::new(Barrier::new(2));
    let visible = |store: &Store, key: &'static str| {
        store
            .read(|conn| settings::get(conn, key))
            .unwrap()
            .is_some()
    };
    std::thread::scope(|scope| {
        let (first, at_work) = (store.clone(), Arc::clone(&begun));
        scope.spawn(move || {
            let done: Result<(), StoreError> = first.write(move |conn| {
                at_work.wait();
                // The others come in meanwhile.
                std::thread::sleep(Duration::from_millis(300));
                settings::set(conn, "first", "1")
            });
            done.unwrap();
        });
        begun.wait();
        let refused = store.clone();
        scope.spawn(move || {
            let refusal = refused.write(|conn| {
                settings::set(conn, "refused", "1")?;
                Err::<(), _>(StoreError::Other("refused".to_owned()))
            });
            assert!(refusal.is_err());
        });
        let last = store.clone();
        scope.spawn(move || {
            let reader = last.clone();
            let together = last.write(move |conn| {
                let inside = settings::get(conn, "first")?.is_some();
                let outside = visible(&reader, "first");
                settings::set(conn, "last", "1")?;
                Ok::<_, StoreError>(inside && !outside)
            });
            assert!(together.unwrap(), "one commit for both");
        });
    });
    assert!(visible(&store, "first") && visible(&store, "last"));
    assert!(!visible(&store, "refused"));
}

#[test]
fn every_connection_to_sqlite_waits_for_the_disk() {
    use diesel::RunQueryDsl;

    #[derive(diesel::QueryableByName)]
    struct Synchronous {
        #[diesel(sql_type = diesel::sql_types::Integer)]
        synchronous: i32,
    }
    let db = Database::new(Kind::Sqlite);
    let level: Result<i32, StoreError> = db.store().write(|conn| {
        let row: Synchronous = diesel::sql_query("pragma synchronous").get_result(conn)?;
        Ok(row.synchronous)
    });
    // 2 is full.
    assert_eq!(level.unwrap(), 2);
}

on_both! {
    fn a_panic_in_a_request_leaves_the_others_alone(db: &Database) {
        let store = db.store();
        let panicking = store.clone();
        let outcome = std::thread::spawn(move || {
            panicking.write(|conn| -> Result<(), StoreError> {
                settings::set(conn, "half", "1")?;
                panic!("a mistake in a request")
            })
        })
        .join();
        // On SQLite the writer tells its caller; on PostgreSQL the caller's own thread panics.
        assert!(!matches!(outcome, Ok(Ok(()))));
        let after: Result<(), StoreError> = store.write(|conn| settings::set(conn, "after", "1"));
        after.unwrap();
        let get = |key: &'static str| store.read(|conn| settings::get(conn, key)).unwrap();
        assert_eq!((get("half"), get("after")), (None, Some("1".to_owned())));
    }
}

#[test]
fn a_disk_that_is_full_in_one_request_takes_no_other_down_with_a_wrong_answer() {
    use diesel::connection::SimpleConnection;

    let db = Database::new(Kind::Sqlite);
    let store = db.store();
    let begun = Arc::new(Barrier::new(2));
    let answers: Vec<(&str, bool)> = std::thread::scope(|scope| {
        let (first, at_work) = (store.clone(), Arc::clone(&begun));
        let fills_up = scope.spawn(move || {
            let filled: Result<(), StoreError> = first.write(move |conn| {
                at_work.wait();
                std::thread::sleep(Duration::from_millis(200));
                // The database may not grow, as on a full disk.
                conn.batch_execute("pragma max_page_count = 1")?;
                settings::set(conn, "large", &"x".repeat(1_000_000))
            });
            assert!(matches!(filled, Err(StoreError::Full(_))), "{filled:?}");
            ("large", false)
        });
        begun.wait();
        let others = ["a", "b", "c"].map(|key| {
            let store = store.clone();
            scope.spawn(move || {
                let written: Result<(), StoreError> =
                    store.write(move |conn| settings::set(conn, key, "1"));
                (key, written.is_ok())
            })
        });
        let threads = others.into_iter().chain([fills_up]);
        threads.map(|thread| thread.join().unwrap()).collect()
    });
    for (key, answered) in answers {
        let stored = store.read(|conn| settings::get(conn, key)).unwrap();
        assert_eq!(stored.is_some(), answered, "{key}");
    }
    // The writer goes on with a connection that is whole.
    let after: Result<(), StoreError> = store.write(|conn| settings::set(conn, "after", "1"));
    after.unwrap();
}
