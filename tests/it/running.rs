//! Running it as an office does: the service file, who may read what lies on the disk, settings that are
//! wrong, one server a file, databases that are made only where somebody asked for one.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{COMMUNE, Database, Kind, Office, Program, SAME_DAY, World, hire, on_both};
use motcua::domain::role::Role;

const UNIT: &str = include_str!("../../config/motcua.service");

/// The values of a key of the service file.
fn of_unit(key: &str) -> Vec<&'static str> {
    let lines = UNIT.lines();
    let values = lines.filter_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    values.collect()
}

/// What others may use in a folder, with its permissions.
fn open_to_others(folder: &Path) -> Vec<String> {
    let mut all = vec![folder.to_owned()];
    let mut seen = 0;
    while let Some(path) = all.get(seen).cloned() {
        if path.is_dir() {
            all.extend(
                std::fs::read_dir(path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        }
        seen += 1;
    }
    let open = all.iter().filter_map(|path| {
        let mode = std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let expected = if path.is_dir() { 0o700 } else { 0o600 };
        (mode != expected).then(|| format!("{} {mode:o}", path.display()))
    });
    open.collect()
}

#[track_caller]
fn until(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn letters(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let files = entries.map(|entry| entry.unwrap().path());
    files
        .filter(|file| file.extension().is_some_and(|end| end == "eml"))
        .collect()
}

/// The command of the service file as systemd begins it: another user, an empty environment, the root
/// folder. Only what the machine has in its place is exchanged.
struct Service {
    home: tempfile::TempDir,
    program: PathBuf,
}

impl Service {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let program = home.path().join("motcua");
        std::fs::copy(env!("CARGO_BIN_EXE_motcua"), &program).unwrap();
        let state = home.path().join("state");
        std::fs::create_dir(&state).unwrap();
        std::fs::set_permissions(&state, std::fs::Permissions::from_mode(0o700)).unwrap();
        let service = Self { home, program };
        if let Some(nobody) = Self::nobody() {
            std::os::unix::fs::chown(service.state(), Some(nobody), Some(nobody)).unwrap();
        }
        service
    }

    /// Somebody else, where we may choose.
    fn nobody() -> Option<u32> {
        let root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
        root.then_some(65534)
    }

    fn state(&self) -> PathBuf {
        self.home.path().join("state")
    }

    fn here(&self, text: &str) -> String {
        text.replace("/var/lib/motcua", self.state().to_str().unwrap())
            .replace("/usr/local/bin/motcua", self.program.to_str().unwrap())
            .replace("127.0.0.1:8080", "127.0.0.1:0")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments).env_clear().current_dir("/");
        for variable in of_unit("Environment") {
            let variable = self.here(variable);
            let (name, value) = variable.split_once('=').unwrap();
            command.env(name, value);
        }
        if let Some(nobody) = Self::nobody() {
            command.uid(nobody).gid(nobody);
        }
        command
    }

    fn run(&self, arguments: &[&str], input: &str) {
        let mut command = self.command(arguments);
        let mut child = command
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {error}");
    }
}

#[test]
fn the_service_file_works_as_another_user_from_an_empty_environment() {
    let service = Service::new();
    assert_eq!(of_unit("User"), ["motcua"]);
    assert_eq!(of_unit("StateDirectory"), ["motcua"]);
    assert_eq!(of_unit("UMask"), ["0077"]);
    assert_eq!(of_unit("WorkingDirectory"), ["/var/lib/motcua"]);
    let start = service.here(of_unit("ExecStart")[0]);
    let arguments: Vec<&str> = start.split(' ').skip(1).collect();
    let mut server = service
        .command(&arguments)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let base = line
        .split_once("http://")
        .map(|(_, address)| address.trim().to_owned());
    let base = format!(
        "http://{}",
        base.unwrap_or_else(|| panic!("did not start: {line}"))
    );

    // The office is set up beside the running server, by the same user.
    let files = service.home.path();
    std::fs::write(files.join("units"), motcua::config::bundled::UNITS_2021).unwrap();
    std::fs::write(files.join("calendar"), motcua::config::bundled::CALENDAR).unwrap();
    std::fs::write(
        files.join("procedures"),
        motcua::config::bundled::PROCEDURES,
    )
    .unwrap();
    for what in ["units", "calendar", "procedures"] {
        service.run(&["import", what, files.join(what).to_str().unwrap()], "");
    }
    let user = [
        "user",
        "add",
        "--username",
        "clerk",
        "--role",
        "clerk",
        "--unit",
        COMMUNE,
        "--password-stdin",
    ];
    service.run(&user, "mật khẩu của người nhận\n");
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into();
    let post = |path: &str, token: &str, body: serde_json::Value| {
        let call = agent.post(format!("{base}{path}"));
        let mut answer = call.header("Authorization", token).send_json(body).unwrap();
        answer.body_mut().read_json::<serde_json::Value>().unwrap()
    };
    let log_in = json!({"username": "clerk", "password": "mật khẩu của người nhận"});
    let session = post("/api/v1/sessions", "", log_in);
    let token = format!("Bearer {}", session["token"].as_str().unwrap());
    let new = json!({
        "unit": COMMUNE, "procedure": SAME_DAY, "items": [{"position": 0, "originals": 1}],
        "applicant": {"name": "Nguyễn Thị Ánh", "email": "anh@example.vn"},
    });
    let made = post("/api/v1/dossiers", &token, new);
    assert!(made["case_number"].is_string(), "{made}");
    let mail = service.state().join("mail");
    until("no letter", || letters(&mail).len() == 1);
    assert_eq!(open_to_others(&service.state()), [""; 0]);
    assert!(service.state().join("motcua.sqlite3").exists());
    // Nothing was left where it was started from.
    assert!(!Path::new("/data").exists() && !Path::new("/mail").exists());
    server.kill().unwrap();
    server.wait().unwrap();
}

#[test]
fn systemd_understands_the_service_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("motcua.service");
    // It looks for the program, too.
    std::fs::write(&file, UNIT.replace("/usr/local/bin/motcua", "/bin/true")).unwrap();
    match Command::new("systemd-analyze")
        .args(["verify", "--man=no"])
        .arg(&file)
        .output()
    {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            let said: Vec<_> = said
                .lines()
                .filter(|line| line.contains("motcua.service"))
                .collect();
            assert!(output.status.success() && said.is_empty(), "{said:?}");
        }
        Err(error) => eprintln!("systemd-analyze is not here ({error}): nothing was tried"),
    }
}

#[test]
fn what_is_made_is_for_its_owner_alone_whatever_the_shell_says() {
    let db = Database::new(Kind::Sqlite);
    let home = db.folder().join("home");
    std::fs::create_dir(&home).unwrap();
    let start = |arguments: &str| {
        let mut command = Command::new("bash");
        command
            .args(["-c", &format!("umask 000; exec \"$0\" {arguments}")])
            .arg(env!("CARGO_BIN_EXE_motcua"))
            .env_remove("DATABASE_URL")
            .current_dir(&home)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    };
    let mut server = start("serve --listen 127.0.0.1:0").spawn().unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let made = start("backup copy").output().unwrap();
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    let data = home.join("data");
    for name in [
        "motcua.sqlite3",
        "motcua.sqlite3-wal",
        "motcua.sqlite3-shm",
        "mail",
    ] {
        assert!(data.join(name).exists(), "{name}");
    }
    assert_eq!(open_to_others(&data), [""; 0]);
    assert_eq!(open_to_others(&home.join("copy")), [""; 0]);
    server.kill().unwrap();
    server.wait().unwrap();
}

#[test]
fn files_of_before_are_closed_at_start_and_open_folders_are_told_of() {
    let db = Database::new(Kind::Sqlite);
    drop(World::new(db.store()));
    let open = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let (file, folder) = (db.file(), db.file().parent().unwrap().to_owned());
    open(&file, 0o644);
    open(&folder, 0o755);
    let log = db.folder().join("log");
    let server = Program::on(&db).log_to(&log).serve();
    assert_eq!(server.get("/readyz").status, 200);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&file), mode(&folder)), (0o600, 0o755));
    assert!(server.stop().success());
    let log = std::fs::read_to_string(log).unwrap();
    let warned = |path: &Path| {
        let path = path.display().to_string();
        log.lines()
            .any(|line| line.contains("WARN") && line.contains(&format!("\"{path}\"")))
    };
    assert!(warned(&file) && warned(&folder), "{log}");
}

on_both! {
    fn a_folder_for_letters_that_cannot_be_written_is_an_error_at_start(db: &Database) {
        drop(db.store());
        let file = db.folder().join("file");
        std::fs::write(&file, "").unwrap();
        let letters = |folder: &str| {
            Program::on(db)
                .with("MOTCUA__MAIL__TRANSPORT", "folder")
                .with("MOTCUA__MAIL__FOLDER", folder)
        };
        for folder in ["/proc/motcua", file.join("x").to_str().unwrap()] {
            let error = letters(folder).failure(&["serve", "--listen", "127.0.0.1:0"]);
            assert!(error.contains("mail.folder") && error.contains(folder), "{error}");
        }
        // A relative one lies in the data folder, which can be named.
        let data = db.folder().join("elsewhere");
        let program = letters("letters").with("MOTCUA__DATA__FOLDER", data.to_str().unwrap());
        drop(program.serve());
        assert!(data.join("letters").is_dir());
        if db.kind == Kind::Sqlite {
            drop(letters("letters").serve());
            assert!(db.file().with_file_name("letters").is_dir());
        }
    }
}

const REPORT: [&str; 6] = [
    "report",
    "on-time",
    "--from",
    "2026-01-01",
    "--to",
    "2026-02-01",
];

#[test]
fn only_who_is_meant_to_makes_a_database() {
    let db = Database::new(Kind::Sqlite);
    let gone = db.folder().join("gone/x/m.sqlite3");
    let program = Program::at(format!("sqlite://{}", gone.display()));
    let units = db.folder().join("units.csv");
    std::fs::write(&units, motcua::config::bundled::UNITS_2021).unwrap();
    let import = ["import", "units", units.to_str().unwrap()];
    let user = [
        "user",
        "add",
        "--username",
        "boss",
        "--role",
        "clerk",
        "--unit",
        "H37",
        "--oidc-subject",
        "x",
    ];
    let copy = db.folder().join("copy");
    let backup = ["backup", copy.to_str().unwrap()];
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let demo = ["demo", "--listen", "127.0.0.1:0"];
    let scenario = ["scenario", "lang-son-2021"];
    let commands: [&[&str]; 8] = [
        &import,
        &user,
        &REPORT,
        &["verify"],
        &backup,
        &serve,
        &demo,
        &scenario,
    ];
    for command in commands {
        let error = program.failure(command);
        assert!(
            error.contains("gone/x") && error.contains("--create"),
            "{command:?}: {error}"
        );
        assert!(!db.folder().join("gone").exists(), "{command:?}");
    }
    // Where the folder is, only a server and the like make the file.
    let there = Program::on(&db);
    for command in [&import[..], &user, &REPORT, &["verify"], &backup] {
        let error = there.failure(command);
        assert!(
            error.contains("không có cơ sở dữ liệu"),
            "{command:?}: {error}"
        );
        assert!(!db.file().exists(), "{command:?}");
    }
    drop(there.serve());
    assert!(db.file().exists());
    // Asked for, it is made with its folder.
    let created = [&import[..], &["--create"]].concat();
    assert!(program.output(&created).contains("thêm 229"));
    assert!(gone.exists());
    assert!(program.output(&["verify"]).contains("0 hồ sơ"));
    // No database is asked at all.
    let due = [
        "due",
        "--received",
        "2021-02-09T14:00:00+07:00",
        "--limit",
        "15",
        "--unit",
        "working_day",
    ];
    let due = Program::at("sqlite:///gone/x/m.sqlite3").output(&due);
    assert_eq!(due.trim(), "2021-03-09T17:00:00+07:00");
}

#[test]
fn the_examples_of_the_readme_run_in_an_empty_folder_of_the_default() {
    let home = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_motcua"));
        command
            .args(arguments)
            .env_remove("DATABASE_URL")
            .current_dir(home.path());
        command.output().unwrap()
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let blocks = readme.split("```sh\n").skip(1);
    let blocks = blocks.map(|block| block.split("```").next().unwrap());
    let examples = blocks
        .flat_map(str::lines)
        .filter_map(|line| line.strip_prefix("motcua "));
    let examples: Vec<&str> = examples
        .filter(|line| {
            !line.contains('<')
                && !["serve", "bench", "import portal"]
                    .iter()
                    .any(|it| line.starts_with(it))
        })
        .collect();
    assert!(examples.len() >= 9, "{examples:?}");
    for example in examples {
        let example = example.split('#').next().unwrap().trim();
        let arguments: Vec<String> = example
            .split(' ')
            .map(|word| match word.strip_prefix("config/") {
                Some(file) => root.join("config").join(file).to_str().unwrap().to_owned(),
                None => word.to_owned(),
            })
            .collect();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = run(&arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "motcua {example}: {error}");
    }
}

#[test]
fn a_sqlite_file_has_one_server() {
    let db = Database::new(Kind::Sqlite);
    let mut office = Office::open(&db);
    office.receive(COMMUNE, SAME_DAY);
    let (link, hard) = (
        db.folder().join("link.sqlite3"),
        db.folder().join("data/hard.sqlite3"),
    );
    std::os::unix::fs::symlink(db.file(), &link).unwrap();
    let copy = db.folder().join("copy");
    let copy = copy.to_str().unwrap();
    Program::on(&db).output(&["backup", copy]);
    let linked = Program::at(format!("sqlite://{}", link.display()));
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let process = office.server.id().to_string();
    for program in [Program::on(&db), linked] {
        for command in [
            &serve[..],
            &["demo", "--listen", "127.0.0.1:0"],
            &["restore", copy],
            &["scenario", "lang-son-2021"],
        ] {
            let error = program.failure(command);
            assert!(
                error.contains("sqlite3") && error.contains(&process),
                "{command:?}: {error}"
            );
        }
        // Who only reads, and who writes in one transaction, may.
        program.output(&["verify"]);
        program.output(&REPORT);
    }
    hire(&office.world, Role::Clerk, "H37.20.02");
    assert_eq!(office.server.get("/readyz").status, 200);

    // A server that was killed leaves nothing behind that would hinder the next.
    let Office { server, .. } = office;
    drop(server);
    let next = Program::on(&db).serve();
    drop(next);
    // A second name would have a second log.
    std::fs::hard_link(db.file(), &hard).unwrap();
    for path in [db.file(), hard] {
        let error = Program::at(format!("sqlite://{}", path.display())).failure(&serve);
        assert!(error.contains("liên kết cứng"), "{error}");
    }
}

#[test]
fn any_number_of_servers_run_on_postgresql() {
    let db = Database::new(Kind::Postgres);
    let servers = [Program::on(&db).serve(), Program::on(&db).serve()];
    assert!(
        servers
            .iter()
            .all(|server| server.get("/readyz").status == 200)
    );
}

on_both! {
    fn config_check_shows_what_is_in_force_and_where_from(db: &Database) {
        let file = db.folder().join("motcua.toml");
        std::fs::write(&file, "[server]\nlisten = \"127.0.0.1:9\"\n[mail]\nfrom = \"a@b.vn\"\n[limits]\nlog_in_account = { burst = 7 }\n").unwrap();
        let program = Program::on(db)
            .with("MOTCUA_CONFIG", file.to_str().unwrap())
            .with("MOTCUA__SERVER__LISTEN", "127.0.0.1:10")
            .with("MOTCUA__PAYMENTS__GATEWAY_SECRET", "geheim-geheim-geheim-geheim-geheim");
        let table = program.output(&["config", "check"]);
        let row = |key: &str| {
            let start = format!("| {key} ");
            let row = table.lines().find(|line| line.starts_with(&start));
            row.unwrap_or_else(|| panic!("no {key} in {table}"))
        };
        for (key, says) in [
            ("server.listen", "127.0.0.1:10"),
            ("server.listen", "biến môi trường MOTCUA__SERVER__LISTEN"),
            ("mail.from", file.to_str().unwrap()),
            ("limits.log_in_account.burst", "7"),
            ("limits.log_in_account.each_seconds", "mặc định"),
            ("database.url", "DATABASE_URL"),
            ("payments.gateway_secret", "không hiện"),
            ("office.same_day_cut", "15:00"),
        ] {
            assert!(row(key).contains(says), "{key}: {says} not in {}", row(key));
        }
        assert!(!table.contains("geheim"), "{table}");
        // Nothing is made by looking.
        assert!(!db.file().exists());
    }
}

#[test]
fn everything_wrong_with_the_settings_is_told_at_once_with_where_it_came_from() {
    let db = Database::new(Kind::Sqlite);
    drop(db.store());
    let file = db.folder().join("motcua.toml");
    std::fs::write(
        &file,
        "[server]\nport = 80\nhousekeeping_seconds = \"5\"\n[portal]\nusername = \"t\"\n",
    )
    .unwrap();
    let name = file.to_str().unwrap();
    let program = Program::on(&db)
        .with("MOTCUA_CONFIG", name)
        .with("MOTCUA_SERVER_LISTEN", "0.0.0.0:80")
        .with("MOTCUA__SERVER__LISTEN", "nowhere")
        .with("MOTCUA__COLOUR", "red")
        .with("MOTCUA_LOG_FORMAT", "xml")
        .with("MOTCUA_LOG", "motcua=loud")
        .with("MOTCUA__LIMITS__SUBMISSION_ADDRESS", "20")
        .with("MOTCUA__MAIL__TRANSPORT", "folder")
        .with("MOTCUA__MAIL__SECURITY", "ssl")
        .with("MOTCUA__OUTBOX__TRIES", "many");
    let expected = [
        ("MOTCUA_SERVER_LISTEN", "MOTCUA__SERVER__LISTEN?"),
        ("server.listen", "biến môi trường MOTCUA__SERVER__LISTEN"),
        ("server.port: khóa lạ", name),
        ("server.housekeeping_seconds: cần số nguyên", name),
        ("colour: khóa lạ", "MOTCUA__COLOUR"),
        (
            "limits.submission_address: gồm nhiều phần, mỗi phần là một khóa: limits.submission_address.burst",
            "MOTCUA__LIMITS__SUBMISSION_ADDRESS",
        ),
        ("MOTCUA_LOG_FORMAT", "text hoặc json"),
        ("MOTCUA_LOG:", "không đúng"),
        ("mail.security: phải là", "MOTCUA__MAIL__SECURITY"),
        ("mail.security: chỉ dùng", "MOTCUA__MAIL__TRANSPORT"),
        ("outbox.tries: cần số nguyên", "MOTCUA__OUTBOX__TRIES"),
        ("portal.username: không có tác dụng", name),
    ];
    for command in [&["serve"][..], &["config", "check"], &["verify"]] {
        let error = program.failure(command);
        for (key, says) in expected {
            let told = error
                .lines()
                .any(|line| line.contains(key) && line.contains(says));
            assert!(told, "{key}, {says}: {error}");
        }
        assert_eq!(error.lines().count(), expected.len() + 1, "{error}");
    }
    let due = [
        "due",
        "--received",
        "2021-02-09T14:00:00+07:00",
        "--unit",
        "same_day",
    ];
    let error = Program::on(&db)
        .with("MOTCUA_LOG_FORMAT", "xml")
        .failure(&due);
    assert!(error.contains("MOTCUA_LOG_FORMAT"), "{error}");
    // Each of them by itself is enough.
    for (name, value) in [
        ("MOTCUA_SERVER_LISTEN", "0.0.0.0:80"),
        ("MOTCUA_LOG_FORMAT", "xml"),
        ("MOTCUA__MAIL__SECURITY", "ssl"),
    ] {
        let error =
            Program::on(&db)
                .with(name, value)
                .failure(&["serve", "--listen", "127.0.0.1:0"]);
        assert!(error.contains(name), "{error}");
    }
    let missing = Program::on(&db)
        .with("MOTCUA_CONFIG", "/nonexistent.toml")
        .failure(&["verify"]);
    assert!(
        missing.contains("/nonexistent.toml") && missing.contains("MOTCUA_CONFIG"),
        "{missing}"
    );
    std::fs::write(&file, "[server]\n\nlisten = geheim\n").unwrap();
    let broken = Program::on(&db)
        .with("MOTCUA_CONFIG", name)
        .failure(&["verify"]);
    assert!(
        broken.contains("dòng 3") && !broken.contains("geheim"),
        "{broken}"
    );
}
