//! A database that is older, newer, or not whole; programs of two versions side by side; what can be made
//! again.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::time::Duration;

use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;

use crate::support::{
    COMMUNE, Database, Kind, Office, Program, SAME_DAY, World, at, date, on_both,
};
use motcua::domain::role::Role;
use motcua::imports::{ImportError, UnitsOptions};
use motcua::store::{Conn, DatabaseUrl, StoreError, settings, tallies};
use motcua::tools::verify::{Finding, verify};

/// A database as the main of 2026-11-25 has left it.
fn old(db: &Database) {
    let unpack = |file: &str| {
        let file = format!("tests/data/main-24489b6.{file}.gz");
        let output = Command::new("gzip").args(["-dc", &file]).output().unwrap();
        assert!(output.status.success(), "{file}");
        output.stdout
    };
    match db.kind {
        Kind::Sqlite => {
            std::fs::create_dir_all(db.file().parent().unwrap()).unwrap();
            std::fs::write(db.file(), unpack("sqlite3")).unwrap();
        }
        Kind::Postgres => db.tamper(&String::from_utf8(unpack("postgres.sql")).unwrap()),
    }
}

on_both! {
    fn a_database_of_an_older_version_opens_is_whole_and_goes_on(db: &Database) {
        old(db);
        let checked = Program::on(db).output(&["verify"]);
        assert!(checked.contains("20 hồ sơ") && checked.contains("không có sai lệch"), "{checked}");
        let server = Program::on(db).serve();
        let log_in = serde_json::json!({"username": "h37.clerk", "password": "mat khau cua van phong mau"});
        let json = [("Content-Type", "application/json")];
        let token = server.send("POST", "/api/v1/sessions", &json, log_in.to_string().as_bytes());
        let token = format!("Bearer {}", token.expect(201).json()["token"].as_str().unwrap());
        let headers = [json[0], ("Authorization", token.as_str())];
        let body = serde_json::json!({
            "unit": "H37.164", "procedure": "2.000815", "applicant": {"name": "Nguyễn Thị Ánh"},
            "items": [{"position": 0, "originals": 1}, {"position": 1, "originals": 1}],
        });
        server.send("POST", "/api/v1/dossiers", &headers, body.to_string().as_bytes()).expect(201);
        let list = server.send("GET", "/api/v1/dossiers?list=all", &headers, b"").expect(200).json();
        assert_eq!(list["items"].as_array().unwrap().len(), 21);
        let found = server.send("POST", "/api/v1/dossiers/search", &headers, br#"{"text": "thi anh"}"#);
        assert!(!found.expect(200).json()["items"].as_array().unwrap().is_empty());
        // Nobody has said on what its calendar rests.
        let year = server.get("/api/v1/calendar/2026").expect(200).json();
        assert!(year["days"].as_array().unwrap().iter().all(|day| day["source"].is_null()), "{year}");
        assert!(server.stop().success());
        assert_eq!(verify(&db.store(), 10).unwrap().findings, []);
    }
}

on_both! {
    fn a_database_of_a_newer_version_is_refused(db: &Database) {
        drop(db.store());
        let refused = |arguments: &[&str]| {
            let output = Program::on(db).run(arguments);
            let error = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(1), "{error}");
            assert!(error.contains("phiên bản") && error.contains("9999"), "{error}");
        };
        db.tamper("insert into __diesel_schema_migrations (version) values ('9999')");
        refused(&["serve", "--listen", "127.0.0.1:0"]);
        refused(&["verify"]);
        // One that has only begun to take it over.
        db.tamper("delete from __diesel_schema_migrations where version = '9999'");
        db.tamper("update settings set value = '9999' where key = 'schema_version'");
        refused(&["serve", "--listen", "127.0.0.1:0"]);
    }
}

on_both! {
    fn a_database_that_is_not_whole_is_refused(db: &Database) {
        drop(db.store());
        db.tamper("drop table satisfaction");
        let error = Program::on(db).failure(&["serve", "--listen", "127.0.0.1:0"]);
        assert!(error.contains("thiếu bảng satisfaction"), "{error}");
    }
}

#[test]
fn a_file_that_is_no_database_of_ours_is_refused() {
    let db = Database::new(Kind::Sqlite);
    std::fs::create_dir_all(db.file().parent().unwrap()).unwrap();
    std::fs::write(db.file(), b"").unwrap();
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let output = Program::on(&db).run(&serve);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("0 byte"), "{error}");
    assert_eq!(
        std::fs::metadata(db.file()).unwrap().len(),
        0,
        "it is left as it was"
    );
    db.tamper("create table notes (id integer primary key)");
    let error = Program::on(&db).failure(&serve);
    assert!(
        error.contains("không phải cơ sở dữ liệu của motcua"),
        "{error}"
    );
}

on_both! {
    fn an_instance_that_has_become_the_older_one_writes_nothing_any_more(db: &Database) {
        let program = Program::on(db).with("MOTCUA__SERVER__HOUSEKEEPING_SECONDS", "1");
        let mut office = Office::open_with(db, program);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let body = office.new_dossier(COMMUNE, SAME_DAY);
        let dossier = office.receive(COMMUNE, SAME_DAY);
        // A newer instance has started beside it.
        db.tamper("update settings set value = '9999' where key = 'schema_version'");
        office.call("POST", "/api/v1/dossiers").token(&clerk).body(body).send().problem(503, "upgrading");
        let path = format!("/api/v1/dossiers/{}/withdraw", dossier["case_number"].as_str().unwrap());
        let withdraw = office.call("POST", path).token(&clerk).seen(&dossier);
        withdraw.body(serde_json::json!({"reason": "Không cần nữa"})).send().problem(503, "upgrading");
        office.server.get("/readyz").problem(503, "upgrading");
        assert_eq!(office.server.get("/healthz").status, 200);
        // What is there can be read.
        office.call("GET", "/api/v1/dossiers?list=open").token(&clerk).send().expect(200);
        // Nor does it work by itself: what the newer one leaves to be folded stays.
        db.tamper("delete from tally_deltas");
        db.tamper(
            "insert into tally_deltas (day, unit_id, procedure_id, channel, received_direct, received_online, \
             received_postal, early, on_time, overdue, crossed, moved) values (1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0)",
        );
        std::thread::sleep(Duration::from_millis(2500));
        let store = &office.world.store;
        let waiting = store.read_one(tallies::waiting);
        assert_eq!(waiting.unwrap(), 1);
    }
}

on_both! {
    fn roll_ups_are_made_again_beside_a_running_server(db: &Database) {
        let world = World::new(db.store());
        for day in ["2021-03-01", "2021-04-15", "2021-09-20"] {
            let dossier = world.receive_at(COMMUNE, SAME_DAY, at(&format!("{day} 08:00")));
            world.begin(dossier.id, at(&format!("{day} 08:30")));
            world.finish(dossier.id, at(&format!("{day} 09:00")));
        }
        let mut office = Office::open_with(db, Program::on(db).with("MOTCUA__SERVER__HOUSEKEEPING_SECONDS", "1"));
        let clerk = office.token(Role::Clerk, COMMUNE);
        let body = office.new_dossier(COMMUNE, SAME_DAY);
        motcua::jobs::fold::fold(&office.world.store).unwrap();
        // As nobody leaves them.
        db.tamper("delete from rollups where grain = 1");
        db.tamper("update rollups set early = early + 2 where grain = 2");
        let broken = Program::on(db).failure_output(&["verify"]);
        assert!(broken.contains("số tổng hợp sai"), "{broken}");
        let program = Program::on(db);
        std::thread::scope(|scope| {
            let receiving = scope.spawn(|| {
                for _ in 0..40 {
                    let call = office.call("POST", "/api/v1/dossiers").token(&clerk);
                    call.body(body.clone()).send().expect(201);
                }
            });
            let rebuilt = program.output(&["verify", "--rebuild"]);
            assert!(rebuilt.contains("đã dựng lại số tổng hợp"), "{rebuilt}");
            receiving.join().unwrap();
        });
        assert!(program.output(&["verify"]).contains("không có sai lệch"));
        assert!(program.output(&["verify", "--rebuild"]).contains("sửa 0 ô"));
    }
}

on_both! {
    fn roll_ups_are_not_made_from_events_that_are_damaged(db: &Database) {
        let world = World::new(db.store());
        world.receive_at(COMMUNE, SAME_DAY, at("2021-03-01 08:00"));
        motcua::jobs::fold::fold(&world.store).unwrap();
        db.tamper("delete from rollups where grain = 2");
        db.tamper("update dossier_events set at = at + 1");
        let refused = Program::on(db).failure_output(&["verify", "--rebuild"]);
        assert!(refused.contains("không dựng lại"), "{refused}");
        let found = verify(&world.store, 100).unwrap();
        let of_rollups = |finding: &Finding| matches!(finding, Finding::RollupDiffers { .. });
        assert!(found.findings.iter().any(of_rollups), "they are as they were");
    }
}

#[test]
fn an_import_that_closes_a_ring_with_what_is_known_is_refused() {
    let db = Database::new(Kind::Sqlite);
    let world = World::new(db.store());
    let options = UnitsOptions {
        valid_from: date("2021-01-01"),
        replaces: Vec::new(),
    };
    let head = "code,level,kind,name,parent_code,statistical_code\n";
    for (lines, wrong) in [
        ("H37,province,people_committee,Tỉnh,H37.16,20\n", 1),
        ("H37,province,people_committee,Tỉnh,H37,20\n", 1),
        // Through two that are known and one that is new.
        (
            "H37,province,people_committee,Tỉnh,H37.99,20\nH37.99,province,department,Mới,H37.16,\n",
            2,
        ),
    ] {
        let file = format!("{head}{lines}");
        match motcua::imports::units(&world.store, file.as_bytes(), &options) {
            Err(ImportError::Wrong(places)) => {
                assert_eq!(places.len(), wrong, "{places:?}");
                assert!(
                    places
                        .iter()
                        .all(|w| w.reason.contains("cấp trên của chính nó")),
                    "{places:?}"
                );
            }
            other => panic!("{lines}: {other:?}"),
        }
    }
    let reference = world.store.reference().unwrap();
    let root = reference.units().by_code("H37").unwrap();
    assert_eq!(root.parent, None);
}

#[test]
fn an_import_sees_what_was_changed_while_it_waited() {
    let db = Database::new(Kind::Postgres);
    let world = World::new(db.store());
    // An administrator is changing the hours of the unit that the import names.
    let url: DatabaseUrl = db.url().parse().unwrap();
    let mut administrator = url.connect().unwrap();
    administrator
        .batch_execute("begin; select pg_advisory_xact_lock(7205759403792795)")
        .unwrap();
    let hours = r#"{"weekday": [{"open": "08:00", "close": "11:00"}], "saturday": [], "seasons": [], "same_day_cut": "10:00"}"#;
    let options = UnitsOptions {
        valid_from: date("2021-01-01"),
        replaces: Vec::new(),
    };
    let file = "code,level,kind,name,parent_code,statistical_code\n\
                H37.16,province,department,Sở mới,H37,\n";
    std::thread::scope(|scope| {
        let import =
            scope.spawn(|| motcua::imports::units(&world.store, file.as_bytes(), &options));
        std::thread::sleep(Duration::from_millis(400));
        administrator
            .batch_execute(&format!(
                "update units set office_hours = '{hours}' where code = 'H37.16'; \
                 update settings set value = cast(cast(value as bigint) + 1 as text) where key = 'reference_version'; \
                 commit"
            ))
            .unwrap();
        assert_eq!(import.join().unwrap().unwrap().changed, 1);
    });
    let reference = world.store.reference().unwrap();
    let unit = reference.units().by_code("H37.16").unwrap();
    assert_eq!(unit.name, "Sở mới");
    assert!(
        unit.office_hours.is_some(),
        "the import has brought the old hours back"
    );
}

#[derive(diesel::QueryableByName)]
struct Column {
    #[diesel(sql_type = diesel::sql_types::Text)]
    of: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    kind: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    may_lack: String,
}

/// By table and column: what it holds, and whether it may be null.
type Columns = BTreeMap<(String, String), (String, String)>;

/// Every column of every table, with what it holds and whether it may be null.
fn columns(db: &Database) -> Columns {
    let store = db.store();
    let columns: Result<Vec<Column>, StoreError> = store.read(|conn| {
        Ok(match conn {
            Conn::Sqlite(conn) => diesel::sql_query(
                "select t.name as \"of\", c.name as name, lower(c.type) as kind, \
                 case when c.\"notnull\" = 1 or c.pk > 0 then 'no' else 'yes' end as may_lack \
                 from sqlite_master t join pragma_table_info(t.name) c where t.type = 'table'",
            )
            .load(conn)?,
            Conn::Postgres(conn) => diesel::sql_query(
                "select table_name::text as of, column_name::text as name, data_type::text as kind, \
                 lower(is_nullable) as may_lack \
                 from information_schema.columns where table_schema = current_schema()",
            )
            .load(conn)?,
        })
    });
    let normal = |kind: &str| {
        match kind {
            "integer" | "bigint" | "smallint" => "integer",
            "blob" | "bytea" => "bytes",
            "text" | "character varying" => "text",
            "boolean" => "boolean",
            "date" => "date",
            other => panic!("{other} is not one of the types that both databases have"),
        }
        .to_owned()
    };
    let columns = columns.unwrap().into_iter();
    columns
        .filter(|column| !column.of.starts_with("__diesel") && !column.of.starts_with("sqlite_"))
        .map(|column| {
            (
                (column.of, column.name),
                (normal(&column.kind), column.may_lack),
            )
        })
        .collect()
}

#[test]
fn the_migrations_of_both_databases_are_the_same() {
    let names = |database: &str| -> BTreeSet<String> {
        let folder = std::fs::read_dir(format!("migrations/{database}")).unwrap();
        folder
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    };
    assert_eq!(names("sqlite"), names("postgres"));
    let sqlite = columns(&Database::new(Kind::Sqlite));
    let postgres = columns(&Database::new(Kind::Postgres));
    let differ = |a: &Columns, b: &Columns| -> Vec<_> {
        let of_a = a
            .iter()
            .filter(|(column, holds)| b.get(*column) != Some(*holds));
        of_a.map(|(column, holds)| (column.clone(), holds.clone()))
            .collect()
    };
    assert_eq!(
        (differ(&sqlite, &postgres), differ(&postgres, &sqlite)),
        (vec![], vec![])
    );
    // The version that is noted is the last of them.
    let db = Database::new(Kind::Sqlite);
    let noted = db
        .store()
        .read(|conn| settings::get(conn, settings::SCHEMA_VERSION))
        .unwrap();
    let last = names("sqlite").pop_last().unwrap();
    assert_eq!(noted.as_deref(), last.split('_').next());
}

#[test]
fn deadlocks_are_tried_again_whatever_language_the_server_speaks() {
    let db = Database::new(Kind::Postgres);
    drop(db.store());
    // The tests' role may choose; a role that may not is told to in the log.
    let name = db.url().rsplit('/').next().unwrap().to_owned();
    db.tamper(&format!(
        "alter database {name} set lc_messages = 'C.UTF-8'"
    ));
    let store = db.store();
    let set = |key: &'static str| store.write(move |conn| settings::set(conn, key, "0"));
    set("one").unwrap();
    set("two").unwrap();
    std::thread::scope(|scope| {
        for order in [["one", "two"], ["two", "one"]] {
            let store = store.clone();
            scope.spawn(move || {
                let written: Result<(), StoreError> = store.write(move |conn| {
                    settings::set(conn, order[0], order[0])?;
                    std::thread::sleep(Duration::from_millis(200));
                    settings::set(conn, order[1], order[0])
                });
                written.unwrap();
            });
        }
    });
    let language: Result<Vec<Column>, StoreError> = store.read(|conn| match conn {
        Conn::Sqlite(_) => Ok(Vec::new()),
        Conn::Postgres(conn) => Ok(diesel::sql_query(
            "select '' as of, current_setting('lc_messages') as name, '' as kind, '' as may_lack",
        )
        .load(conn)?),
    });
    assert_eq!(language.unwrap()[0].name, "C");
}
