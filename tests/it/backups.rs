//! Backups are made while it runs, restored whole, and nothing that came after them comes back.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use crate::support::{COMMUNE, Database, Kind, Office, Program, SAME_DAY, World, at};
use motcua::domain::role::Role;
use motcua::store::dossiers;

fn manifest(copy: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(copy.join("manifest.json")).unwrap()).unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Every case number, as the database itself has them.
fn numbers(db: &Database) -> Vec<String> {
    use diesel::RunQueryDsl;

    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Text)]
        case_number: String,
    }
    let rows = db.store().read(|conn| {
        let query = "select case_number from dossiers order by case_number";
        let rows: Vec<Row> = match conn {
            motcua::store::Conn::Sqlite(conn) => diesel::sql_query(query).load(conn)?,
            motcua::store::Conn::Postgres(conn) => diesel::sql_query(query).load(conn)?,
        };
        Ok::<_, motcua::store::StoreError>(rows)
    });
    rows.unwrap()
        .into_iter()
        .map(|row| row.case_number)
        .collect()
}

#[test]
fn a_backup_under_load_is_restored_after_a_kill_and_is_exactly_what_it_was() {
    let db = Database::new(Kind::Sqlite);
    let mut office = Office::open(&db);
    let clerk = office.token(Role::Clerk, COMMUNE);
    let copy = db.folder().join("copy");
    let arguments = ["backup", copy.to_str().unwrap()];
    let body = office.new_dossier(COMMUNE, SAME_DAY);
    let program = Program::on(&db);
    let done = AtomicBool::new(false);
    let receive = || {
        let call = office.call("POST", "/api/v1/dossiers").token(&clerk);
        let made = call.body(body.clone()).send().expect(201).json();
        made["case_number"].as_str().unwrap().to_owned()
    };
    let before: Vec<String> = (0..20).map(|_| receive()).collect();
    let told = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut count = 0;
                    while !done.load(Ordering::Relaxed) {
                        receive();
                        count += 1;
                    }
                    count
                })
            })
            .collect();
        // Some are there, and more come in all the while.
        std::thread::sleep(std::time::Duration::from_millis(300));
        let told = program.output(&arguments);
        done.store(true, Ordering::Relaxed);
        let during: usize = clients
            .into_iter()
            .map(|client| client.join().unwrap())
            .sum();
        assert!(during > 0);
        told
    });
    // Five more, and the server is killed: its log, with them in it, lies beside the file.
    let Office { world, server, .. } = office;
    drop(world);
    let token = format!("Bearer {clerk}");
    let headers = [
        ("Content-Type", "application/json"),
        ("Authorization", token.as_str()),
    ];
    let body = body.to_string();
    let after: Vec<String> = (0..5)
        .map(|_| {
            let made = server.send("POST", "/api/v1/dossiers", &headers, body.as_bytes());
            let made = made.expect(201).json();
            made["case_number"].as_str().unwrap().to_owned()
        })
        .collect();
    drop(server);
    let log = db.file().with_file_name("motcua.sqlite3-wal");
    assert!(std::fs::metadata(log).unwrap().len() > 0);
    assert_eq!(names(&copy), ["manifest.json", "motcua.sqlite3"]);
    let kept = manifest(&copy);
    assert!(told.contains(kept["sha256"].as_str().unwrap()), "{told}");
    assert_eq!(kept["version"], env!("CARGO_PKG_VERSION"));
    assert!(
        kept["schema"].as_str().unwrap() >= "00000000000008",
        "{kept}"
    );
    let count = kept["dossiers"].as_i64().unwrap();
    assert!(count > 20, "{kept}");

    let again = program.failure(&arguments);
    assert!(again.contains("không ghi đè"), "{again}");

    let restored = program.output(&["restore", copy.to_str().unwrap()]);
    assert!(restored.contains(&format!("{count} hồ sơ")), "{restored}");
    let verified = program.output(&["verify"]);
    assert!(
        verified.contains(&format!("{count} hồ sơ")) && verified.contains("không có sai lệch"),
        "{verified}"
    );
    let now = numbers(&db);
    assert_eq!(now.len() as i64, count);
    assert!(before.iter().all(|number| now.contains(number)));
    assert!(after.iter().all(|number| !now.contains(number)));
    // It serves, and the backup was left as it was.
    drop(program.serve());
    assert_eq!(manifest(&copy), kept);
    program.output(&["restore", copy.to_str().unwrap()]);
    // What was there before is whole under its new name.
    let aside = restored
        .lines()
        .find_map(|line| line.strip_prefix("cơ sở dữ liệu trước đó: "));
    let aside = PathBuf::from(aside.unwrap());
    let old = Program::at(format!("sqlite://{}", aside.display())).output(&["verify"]);
    let all = 20 + 5;
    let seen: i64 = old
        .split(' ')
        .nth(3)
        .unwrap()
        .replace('.', "")
        .parse()
        .unwrap();
    assert!(seen >= all && seen > count, "{old}");
}

#[test]
fn a_backup_that_is_not_what_it_says_or_not_clean_is_refused() {
    let db = Database::new(Kind::Sqlite);
    let world = World::new(db.store());
    for _ in 0..3 {
        world.receive_at(COMMUNE, "2.000815", at("2021-03-01 08:00"));
    }
    drop(world);
    let program = Program::on(&db);
    let copy = |name: &str| db.folder().join(name).to_str().unwrap().to_owned();
    let backup = |name: &str| {
        program.output(&["backup", &copy(name)]);
        db.folder().join(name)
    };
    let refused = |name: &str, says: &str| {
        let before = std::fs::read(db.file()).unwrap();
        let error = program.failure(&["restore", &copy(name)]);
        assert!(error.contains(says), "{name}: {error}");
        assert_eq!(std::fs::read(db.file()).unwrap(), before, "{name}");
        let left = names(db.file().parent().unwrap());
        assert!(
            left.iter()
                .all(|file| !file.contains("restoring") && !file.contains("before")),
            "{left:?}"
        );
    };
    backup("good");
    let flipped = backup("flipped").join("motcua.sqlite3");
    let mut bytes = std::fs::read(&flipped).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&flipped, bytes).unwrap();
    refused("flipped", "SHA-256");

    let short = backup("short").join("motcua.sqlite3");
    let bytes = std::fs::read(&short).unwrap();
    std::fs::write(&short, &bytes[..bytes.len() / 2]).unwrap();
    refused("short", "SHA-256");

    std::fs::remove_file(backup("without").join("manifest.json")).unwrap();
    refused("without", "manifest.json");
    std::fs::remove_file(backup("empty").join("motcua.sqlite3")).unwrap();
    refused("empty", "motcua.sqlite3");
    refused("nothing", "nothing");
    // Whoever names another file in there gets none.
    let elsewhere = backup("elsewhere").join("manifest.json");
    let text = std::fs::read_to_string(&elsewhere).unwrap();
    std::fs::write(
        &elsewhere,
        text.replace("\"motcua.sqlite3\"", "\"../good/motcua.sqlite3\""),
    )
    .unwrap();
    refused("elsewhere", "tên tệp");

    // Damage that was there before the backup.
    db.tamper("update dossier_events set data = replace(data, 'a', 'b') where sequence = 1");
    backup("damaged");
    refused("damaged", "không qua được kiểm tra");
    program.output(&["restore", &copy("good")]);
    assert!(program.output(&["verify"]).contains("3 hồ sơ"));
}

#[test]
fn a_backup_holds_a_checkpoint_and_has_to_fit_it() {
    let db = Database::new(Kind::Sqlite);
    let world = World::new(db.store());
    let program = Program::on(&db);
    let backup = |name: &str, hour: &str| {
        world.receive_at(COMMUNE, "2.000815", at(&format!("2021-03-01 {hour}:00")));
        let note = program.output(&["checkpoint"]);
        let copy = db.folder().join(name);
        program.output(&["backup", copy.to_str().unwrap()]);
        assert_eq!(manifest(&copy)["checkpoint"], note);
        (copy, note)
    };
    let (older, _) = backup("older", "08");
    let (newer, note) = backup("newer", "09");
    drop(world);
    // An older copy in the place of the newer one.
    let mut exchanged = manifest(&older);
    exchanged["checkpoint"] = note.into();
    std::fs::write(older.join("manifest.json"), exchanged.to_string()).unwrap();
    let error = program.failure(&["restore", older.to_str().unwrap()]);
    assert!(error.contains("không qua được kiểm tra"), "{error}");
    assert!(error.contains("nhật ký bị cắt"), "{error}");
    program.output(&["restore", newer.to_str().unwrap()]);
    assert!(program.output(&["verify"]).contains("2 hồ sơ"));
}

#[test]
fn a_backup_goes_onto_a_machine_that_has_nothing() {
    let db = Database::new(Kind::Sqlite);
    let world = World::new(db.store());
    world.receive_at(COMMUNE, "2.000815", at("2021-03-01 08:00"));
    drop(world);
    let copy = db.folder().join("copy");
    let copy = copy.to_str().unwrap();
    Program::on(&db).output(&["backup", copy]);
    let new = Database::new(Kind::Sqlite);
    let program = Program::on(&new);
    let told = program.output(&["restore", copy]);
    assert!(!told.contains("trước đó"), "{told}");
    assert!(program.output(&["verify"]).contains("1 hồ sơ"));
    assert_eq!(new.store().read(dossiers::count).unwrap(), 1);
    // Where nobody can write there is no backup, and nothing half of one.
    let error = Program::on(&db).failure(&["backup", "/proc/copy"]);
    assert!(error.contains("/proc"), "{error}");
    assert_eq!(names(db.folder()), ["copy", "data"]);
}

/// PostgreSQL's own tools, of the cluster that the tests run on.
fn tool(name: &str) -> Command {
    let versions = std::fs::read_dir("/usr/lib/postgresql").unwrap();
    let newest = versions
        .map(|version| version.unwrap().path())
        .max_by_key(|path| {
            let version = path.file_name().unwrap().to_str().unwrap();
            version.parse::<u32>().unwrap_or(0)
        });
    Command::new(newest.unwrap().join("bin").join(name))
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {error}");
}

#[test]
fn the_documented_way_of_postgresql_works() {
    let db = Database::new(Kind::Postgres);
    let mut office = Office::open(&db);
    for _ in 0..5 {
        office.receive(COMMUNE, SAME_DAY);
    }
    let told = Program::on(&db).failure(&["backup", "copy"]);
    assert!(told.contains("pg_dump --format=custom"), "{told}");
    let told = Program::on(&db).failure(&["restore", "copy"]);
    assert!(told.contains("pg_restore --exit-on-error"), "{told}");

    // While it runs.
    let dump = db.folder().join("motcua.dump");
    let dump = dump.to_str().unwrap();
    run(tool("pg_dump").args(["--format=custom", "--file", dump, "--dbname", &db.url()]));
    for _ in 0..5 {
        office.receive(COMMUNE, SAME_DAY);
    }
    drop(office);
    let new = Database::new(Kind::Postgres);
    run(tool("pg_restore").args([
        "--exit-on-error",
        "--no-owner",
        "--dbname",
        &new.url(),
        dump,
    ]));
    let verified = Program::on(&new).output(&["verify"]);
    assert!(
        verified.contains("5 hồ sơ") && verified.contains("không có sai lệch"),
        "{verified}"
    );
    assert_eq!(numbers(&new), numbers(&db)[..5]);
    // The log's key is no part of a backup.
    let told = Program::on(&new).failure(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(told.contains("không có tệp khóa nhật ký"), "{told}");
    std::fs::copy(db.folder().join("log.key"), new.folder().join("log.key")).unwrap();
    drop(Program::on(&new).serve());
}
