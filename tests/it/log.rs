//! The log: whoever owns the tables can change what they like, and is found out.

use std::path::{Path, PathBuf};
use std::process::Output;

use crate::support::{COMMUNE, Database, Kind, Program, SAME_DAY, World, at, hire, on_both};
use motcua::domain::dossier::{Event, EventData};
use motcua::domain::ids::{Actor, DossierId, PersonId, UserId};
use motcua::domain::log::merkle::{Peaks, leaf_hash};
use motcua::domain::log::{Entry, Subject};
use motcua::domain::moment::Moment;
use motcua::domain::role::{Permission, Role};
use motcua::domain::time_limit::Outcome;
use motcua::jobs::announce::announce;
use motcua::store::chain::StoredEvent;
use motcua::store::set_aside::{self, Work};
use motcua::store::{Store, StoreError, dossiers, events, log, persons, unannounced, users};
use motcua::{acts, views};

/// A member of staff who is logged in reads the identity numbers of a dossier.
fn read_identities(store: &Store, username: &str, dossier: DossierId, now: Moment) {
    let reader = store.read(|conn| users::by_username(conn, username));
    let reader = reader.unwrap().unwrap().user;
    let here = std::net::Ipv4Addr::LOCALHOST.into();
    let (lasts, begins) = (std::time::Duration::from_secs(600), motcua::clock::now());
    let session = acts::sessions::begin_session(store, reader, here, String::new(), lasts, begins);
    let token = session.unwrap().token;
    let caller = acts::sessions::authenticate(store, &token, Permission::ReadIdentity, begins);
    views::dossier::read_identities(store, dossier, caller.unwrap().proof, now).unwrap();
}

/// An office with a day behind it: what its dossiers are, and a checkpoint kept elsewhere.
struct Office {
    world: World,
    ids: Vec<DossierId>,
    program: Program,
    checkpoint: PathBuf,
}

impl Office {
    fn open(db: &Database) -> Self {
        let world = World::new(db.store());
        hire(&world, Role::Administrator, "H37");
        let clerk = hire(&world, Role::Clerk, COMMUNE);
        let mut ids = Vec::new();
        for hour in 8..12 {
            let dossier =
                world.receive_at(COMMUNE, SAME_DAY, at(&format!("2021-03-01 {hour:02}:00")));
            world.begin(dossier.id, at("2021-03-01 13:30"));
            ids.push(dossier.id);
        }
        world.refuse(ids[0], at("2021-03-01 14:00"));
        // This one is late.
        motcua::jobs::housekeeping::run(&world.store, at("2021-03-02 08:00")).unwrap();
        world.refuse(ids[1], at("2021-03-02 09:00"));
        read_identities(&world.store, &clerk, ids[2], at("2021-03-02 10:00"));
        motcua::jobs::housekeeping::run(&world.store, at("2021-03-02 11:00")).unwrap();
        let program = Program::on(db);
        let checkpoint = db.folder().join("checkpoint");
        let office = Self {
            world,
            ids,
            program,
            checkpoint,
        };
        office.keep_checkpoint();
        office.expect_clean();
        office
    }

    fn keep_checkpoint(&self) {
        let note = self.program.output(&["checkpoint"]);
        std::fs::write(&self.checkpoint, note).unwrap();
    }

    fn store(&self) -> &Store {
        &self.world.store
    }

    fn verify(&self, with_checkpoint: bool) -> Output {
        let file = self.checkpoint.display().to_string();
        match with_checkpoint {
            true => self.program.run(&["verify", "--checkpoint", &file]),
            false => self.program.run(&["verify"]),
        }
    }

    #[track_caller]
    fn expect_clean(&self) {
        for with_checkpoint in [false, true] {
            let output = self.verify(with_checkpoint);
            let said = String::from_utf8_lossy(&output.stdout);
            assert_eq!(output.status.code(), Some(0), "{said}");
            assert!(said.contains("không có sai lệch"), "{said}");
        }
    }

    /// What is found.
    #[track_caller]
    fn found(&self, with_checkpoint: bool) -> String {
        let output = self.verify(with_checkpoint);
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        said
    }

    /// The history of a dossier.
    fn history(&self, id: DossierId) -> Vec<Event> {
        let stored = self.store().read(|conn| events::history(conn, id)).unwrap();
        stored.iter().map(|event| event.event().unwrap()).collect()
    }

    /// Makes all dossiers anew from histories as somebody would who has our own program for it: chains,
    /// rows, counts, all of it right, and no note that anything is new.
    fn forge(&self, db: &Database, history: impl Fn(usize, Vec<Event>) -> Vec<Event>) {
        let histories = self.ids.iter().enumerate();
        let histories: Vec<(DossierId, Vec<Event>)> = histories
            .map(|(i, id)| (*id, history(i, self.history(*id))))
            .collect();
        db.tamper(
            "delete from dossiers; delete from dossier_events; delete from rollups;
             delete from tally_deltas; delete from unannounced_events",
        );
        let units = self.store().reference().unwrap();
        self.store()
            .write(move |conn| {
                for (id, history) in &histories {
                    dossiers::insert(conn, *id, history, units.units())?;
                }
                Ok::<_, StoreError>(())
            })
            .unwrap();
        db.tamper("delete from unannounced_events");
    }

    /// Writes the log anew, as somebody would who knows how it is made; without the key there are no
    /// checkpoints any more.
    fn rewrite_log(&self, db: &Database, change: impl Fn(&mut Vec<Entry>)) {
        let batches = self
            .store()
            .read(|conn| log::batches_after(conn, None, 10_000));
        let batches = batches.unwrap();
        let bytes = batches
            .iter()
            .flat_map(|(_, b)| b.chunks_exact(Entry::BYTES));
        let mut entries: Vec<Entry> = bytes.map(|b| Entry::from_bytes(b).unwrap()).collect();
        change(&mut entries);
        let mut peaks = Peaks::default();
        let mut sql =
            "delete from log_batches; delete from log_nodes; delete from log_checkpoints;"
                .to_owned();
        let mut all = Vec::new();
        for entry in &entries {
            all.extend(entry.bytes());
            peaks.push(leaf_hash(&entry.bytes()), |node, hash| {
                if node.level >= log::KEPT_LEVEL {
                    let (level, place, hash) = (node.level, node.index, db.bytes(hash));
                    sql += &format!("insert into log_nodes values ({level}, {place}, {hash});");
                }
            });
        }
        sql += &format!("insert into log_batches values (0, {})", db.bytes(&all));
        db.tamper(&sql);
    }

    /// The hashes that the database has of events now.
    fn hashes(&self, id: DossierId) -> Vec<StoredEvent> {
        self.store().read(|conn| events::history(conn, id)).unwrap()
    }
}

fn on_time(i: usize, history: Vec<Event>) -> Vec<Event> {
    if i != 1 {
        return history;
    }
    let mut history: Vec<Event> = history
        .into_iter()
        .filter(|event| !matches!(event.data, EventData::BecameOverdue(_)))
        .collect();
    for (event, sequence) in history.iter_mut().zip(1..) {
        event.sequence = sequence;
        if let EventData::Finished(finished) = &mut event.data {
            finished.outcome = Outcome::OnTime;
            event.at = at("2021-03-01 16:30");
        }
    }
    history
}

on_both! {
    fn a_late_dossier_made_on_time_is_found(db: &Database) {
        let office = Office::open(db);
        let report = ["report", "on-time", "--from", "2021-03-01", "--to", "2021-03-31"];
        let before = office.program.output(&report);
        office.forge(db, on_time);
        // Chain, replay, roll-ups: all of it fits, and the report is the better for it.
        let found = office.found(false);
        for line in found.lines().filter(|line| !line.contains("đã kiểm tra")) {
            assert!(line.contains("nhật ký"), "{line}: {found}");
        }
        assert_ne!(office.program.output(&report), before);
        assert!(found.contains("H37.20.01-210301-0002: sự kiện 3: không còn như khi vào nhật ký"), "{found}");
        assert!(found.contains("H37.20.01-210301-0002: sự kiện 4: có trong nhật ký"), "{found}");
        let first = found.lines().find(|line| line.starts_with("bị sửa đầu tiên")).unwrap();
        assert!(first.contains("H37.20.01-210301-0002: sự kiện 3"), "{found}");
        // Put into the log as well, only a checkpoint from elsewhere tells.
        let hashes = office.hashes(office.ids[1]);
        let own = office.ids[1];
        office.rewrite_log(db, |entries| {
            entries.retain(|entry| entry.subject != Subject::Event(own, 4));
            for entry in entries {
                if let Subject::Event(id, sequence) = entry.subject && id == own {
                    entry.hash = hashes[sequence as usize - 1].hash;
                }
            }
        });
        let output = office.verify(false);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
        let found = office.found(true);
        assert!(found.contains("nhật ký bị cắt"), "{found}");
    }
}

on_both! {
    fn a_rewritten_log_does_not_fit_a_checkpoint_from_elsewhere(db: &Database) {
        let office = Office::open(db);
        let first = office.checkpoint.clone();
        office.world.receive_at(COMMUNE, SAME_DAY, at("2021-03-03 08:00"));
        let later = Office { checkpoint: db.folder().join("later"), ids: office.ids.clone(), ..office };
        later.keep_checkpoint();
        // Whoever changes what came after the first checkpoint leaves that one right.
        let kept = db.value("select max(note) from log_checkpoints where size = (select min(size) from log_checkpoints)");
        later.rewrite_log(db, |entries| {
            let last = entries.last_mut().unwrap();
            last.hash = [7; 32];
        });
        db.tamper(&format!("insert into log_checkpoints (size, at, note) values ({}, 0, '{kept}')",
            kept.lines().nth(1).unwrap()));
        let found = later.found(true);
        assert!(found.contains("nhật ký bị viết lại"), "{found}");
        let size = kept.lines().nth(1).unwrap();
        assert!(found.contains(&format!("ở từ mục {size} (")), "{found}");
        let one = Office { checkpoint: first, ..later };
        let found = one.found(true);
        assert!(!found.contains("bị viết lại"), "{found}");
        // A checkpoint of another installation, or one that was changed, is none of ours.
        let text = std::fs::read_to_string(&one.checkpoint).unwrap();
        std::fs::write(&one.checkpoint, text.replacen("\n\n", "=\n\n", 1)).unwrap();
        assert!(one.found(true).contains("không được ký bằng khóa"));
        std::fs::write(&one.checkpoint, "Kính gửi\n").unwrap();
        let path = one.checkpoint.display().to_string();
        let error = one.program.failure(&["verify", "--checkpoint", &path]);
        assert!(error.contains("không có điểm chốt"), "{error}");
    }
}

on_both! {
    fn yesterdays_copy_put_back_is_found(db: &Database) {
        let office = Office::open(db);
        let Office { world, checkpoint, ids, program } = office;
        drop(world);
        let copy = db.copy();
        let office = Office { world: World { store: db.store() }, checkpoint, ids, program };
        office.world.receive_at(COMMUNE, SAME_DAY, at("2021-03-03 08:00"));
        office.keep_checkpoint();
        office.expect_clean();
        let back = Office {
            world: World { store: copy.store() },
            program: Program::on(&copy),
            ids: Vec::new(),
            checkpoint: office.checkpoint.clone(),
        };
        let found = back.found(true);
        assert!(found.contains("nhật ký bị cắt"), "{found}");
        assert!(found.contains("bị sửa đầu tiên theo nhật ký: nhật ký mất các mục"), "{found}");
        // Work goes on over it, until the log is as long again: still another one.
        for day in 3..9 {
            back.world.receive_at(COMMUNE, SAME_DAY, at(&format!("2021-03-0{day} 08:00")));
        }
        motcua::jobs::seal::seal_all(back.store()).unwrap();
        assert!(back.found(true).contains("nhật ký bị viết lại"));
    }
}

on_both! {
    fn a_tail_that_was_cut_off_is_found(db: &Database) {
        let office = Office::open(db);
        office.forge(db, |i, mut history| {
            if i == 0 {
                history.pop();
            }
            history
        });
        let found = office.found(false);
        assert!(found.contains("H37.20.01-210301-0001: sự kiện 3: có trong nhật ký"), "{found}");
        assert_eq!(found.lines().count(), 3, "{found}");
    }
}

macro_rules! damage {
    ($($name:ident: $sql:expr => [$($expected:expr),+];)+) => {
        $(on_both! {
            fn $name(db: &Database) {
                let office = Office::open(db);
                db.tamper($sql);
                let found = office.found(false);
                $(assert!(found.contains($expected), "{}: {found}", $expected);)+
            }
        })+
    };
}

damage! {
    a_changed_event_is_not_what_it_was:
        "update dossier_events set hash = (select hash from dossier_events where kind = 9 limit 1) where kind = 11"
        => ["không còn như khi vào nhật ký", "chuỗi băm đứt"];
    an_invented_event_is_in_no_log:
        "insert into dossier_events (dossier_id, sequence, kind, at, actor, data, hash) \
         select dossier_id, 9, kind, at, actor, data, hash from dossier_events where kind = 9"
        => ["sự kiện 9: không có trong nhật ký"];
    swapped_events_are_found:
        "update dossier_events set sequence = 90 where sequence = 1; \
         update dossier_events set sequence = 1 where sequence = 2; \
         update dossier_events set sequence = 2 where sequence = 90"
        => ["0001: sự kiện 1: không còn như khi", "0001: sự kiện 2: không còn như khi"];
    another_applicant_is_found:
        "update persons set identity = '020185000124', phone = '0900000000' where id = \
         (select applicant_id from dossiers where case_number = 'H37.20.01-210301-0003')"
        => ["H37.20.01-210301-0003: dữ liệu của người", "không còn như khi vào nhật ký"];
    a_person_without_their_key_is_found:
        "update persons set commitment_key = null where id = \
         (select applicant_id from dossiers where case_number = 'H37.20.01-210301-0003')"
        => ["H37.20.01-210301-0003: dữ liệu của người"];
    another_name_is_found:
        "update persons set name = 'Lý Văn Dũng'"
        => ["dữ liệu của người"];
    a_deleted_reading_is_found:
        "delete from identity_readings" => ["lần xem số định danh", "không còn nữa"];
    a_reading_by_somebody_else_is_found:
        "update identity_readings set user_id = 99" => ["lần xem số định danh", "không còn như khi"];
    a_reading_of_something_else_is_found:
        "update identity_readings set what = 2" => ["lần xem số định danh", "không còn như khi"];
    a_changed_act_is_found:
        "update admin_acts set actor = 2 where kind = 'units_imported'"
        => ["việc quản trị số", "không còn như khi"];
    a_deleted_act_is_found:
        "delete from admin_acts where kind = 'calendar_imported'" => ["việc quản trị số", "không còn nữa"];
    a_role_given_by_sql_is_found:
        "update users set role = 'administrator' where role = 'clerk'"
        => ["tài khoản h37.20.01.clerk: khác với việc quản trị đã ghi ở role"];
    a_unit_given_by_sql_is_found:
        "update users set unit_id = (select id from units where code = 'H37') where role = 'clerk'"
        => ["h37.20.01.clerk", "ở unit"];
    a_password_set_by_sql_is_found:
        "update users set password_hash = (select password_hash from users where role = 'administrator') \
         where role = 'clerk'"
        => ["h37.20.01.clerk", "ở credentials"];
    an_account_disabled_by_sql_is_found:
        "update users set disabled_at = 1 where role = 'clerk'" => ["h37.20.01.clerk", "ở disabled"];
    an_account_made_by_sql_is_found:
        "insert into users (id, username, full_name, role, unit_id) select 999, 'ghost', 'x', role, unit_id \
         from users where role = 'administrator'"
        => ["tài khoản ghost: không ai ghi là đã tạo"];
    an_account_removed_by_sql_is_found:
        "delete from sessions; delete from users where role = 'clerk'" => ["tài khoản h37.20.01.clerk: không còn nữa"];
    a_log_that_was_cut_off_is_found:
        "delete from log_batches where first_index = (select max(first_index) from log_batches)"
        => ["nhật ký bị cắt", "không có trong nhật ký"];
    a_log_with_a_hole_is_found:
        "delete from log_batches where first_index = 0" => ["nhật ký hỏng: các mục không liền nhau"];
    a_forged_checkpoint_is_found:
        "update log_checkpoints set note = replace(note, '/', '_')" => ["không được ký bằng khóa của nhật ký"];
    an_exchanged_key_is_found:
        "update settings set value = 'x' where key = 'log_public_key'" => ["khóa công khai không phải khóa đã ghi"];
}

// What is in the log cannot be put there again as something else.
on_both! {
    fn a_forgery_told_of_as_new_is_found(db: &Database) {
        let office = Office::open(db);
        office.forge(db, on_time);
        db.tamper("delete from log_sealed_early; insert into unannounced_events (dossier_id, sequence) select dossier_id, sequence \
            from dossier_events where kind = 11");
        let found = office.found(false);
        assert!(found.contains("0002: sự kiện 3: không còn như khi"), "{found}");
        // Told of, it is in the log twice.
        announce(office.store(), &[], motcua::clock::now()).unwrap();
        let found = office.found(false);
        assert!(found.contains("0002: sự kiện 3: vào nhật ký lần nữa"), "{found}");
        assert!(found.contains("bị sửa đầu tiên theo nhật ký: H37.20.01-210301-0002: sự kiện 3"), "{found}");
    }
}

on_both! {
    fn an_erased_person_is_no_alteration(db: &Database) {
        let office = Office::open(db);
        let person = office.store().read(|conn| events::replay(conn, office.ids[2]));
        let person = person.unwrap().unwrap().0.applicant;
        let erase = move |store: &Store, person: PersonId| store.write(move |conn| {
            persons::erase(conn, person, Actor::Staff(UserId(1)), motcua::clock::now(), "theo yêu cầu")
        });
        assert!(erase(office.store(), person).unwrap());
        assert!(!erase(office.store(), person).unwrap());
        let said = office.program.output(&["verify"]);
        assert!(said.contains("đã xóa dữ liệu của 1 người"), "{said}");
        motcua::jobs::seal::seal_all(office.store()).unwrap();
        office.expect_clean();
        assert_eq!(db.value("select count(*) from persons where identity is null and name = ''"), "1");
        // Written again under the old id, it is somebody else.
        db.tamper("update persons set name = 'Nguyễn Thị Ánh' where name = ''");
        db.tamper(&format!("update persons set commitment_key = {} where commitment_key is null", db.bytes(&[1; 16])));
        assert!(office.found(false).contains("dữ liệu của người"));
    }
}

// An entry waits for no message, and nothing comes into the log twice, however many work at it.
on_both! {
    fn events_come_into_the_log_once(db: &Database) {
        let office = Office::open(db);
        let store = office.store().clone();
        for day in 3..6 {
            office.world.receive_at(COMMUNE, SAME_DAY, at(&format!("2021-03-0{day} 08:00")));
        }
        assert_eq!(motcua::jobs::seal::seal_all(&store).unwrap(), 3);
        assert_eq!(motcua::jobs::seal::seal_all(&store).unwrap(), 0);
        assert_ne!(db.value("select count(*) from unannounced_events"), "0");
        office.expect_clean();
        announce(&store, &[], motcua::clock::now()).unwrap();
        assert_eq!(db.value("select count(*) from log_sealed_early"), "0");
        office.expect_clean();
        let others: Vec<_> = (0..4)
            .map(|i| {
                let (store, url) = (store.clone(), db.url());
                std::thread::spawn(move || {
                    let own = match i {
                        // Another instance.
                        0 if url.starts_with("postgres") => {
                            Store::open(&url.parse().unwrap(), motcua::store::StoreOptions::default()).unwrap()
                        }
                        _ => store,
                    };
                    for _ in 0..15 {
                        match i {
                            0 | 1 => drop(announce(&own, &[], motcua::clock::now()).unwrap()),
                            _ => drop(motcua::jobs::seal::seal_all(&own).unwrap()),
                        }
                        std::thread::sleep(std::time::Duration::from_millis(5));
                    }
                })
            })
            .collect();
        for minute in 0..40 {
            office.world.receive_at(COMMUNE, SAME_DAY, at(&format!("2021-03-08 08:{minute:02}")));
        }
        others.into_iter().for_each(|thread| thread.join().unwrap());
        motcua::jobs::seal::seal_all(&store).unwrap();
        office.expect_clean();
        announce(&store, &[], motcua::clock::now()).unwrap();
        office.expect_clean();
        assert_eq!(store.read_one(unannounced::newest).unwrap(), None);
    }
}

// Nobody is told of them, and they are vouched for all the same.
on_both! {
    fn events_whose_telling_is_dismissed_come_into_the_log(db: &Database) {
        let office = Office::open(db);
        for sealed_before in [false, true] {
            let id = office.world.receive_at(COMMUNE, SAME_DAY, at("2021-03-03 08:00")).id;
            if sealed_before {
                motcua::jobs::seal::seal_all(office.store()).unwrap();
            }
            let before = office.store().read(log::size).unwrap();
            let dismissed = office.store().write(move |conn| {
                let (error, now) = (StoreError::Other("hỏng".to_owned()), motcua::clock::now());
                set_aside::put(conn, Work::Announce, id, &error, now)?;
                set_aside::dismiss(conn, Work::Announce, id, now)
            });
            assert!(dismissed.unwrap());
            let of_it = db.bytes(&id.bytes()[..]);
            let waiting = |table: &str| db.value(&format!("select count(*) from {table} where dossier_id = {of_it}"));
            assert_eq!((waiting("unannounced_events"), waiting("log_sealed_early")), ("0".into(), "0".into()));
            let entries = if sealed_before { 0 } else { 1 };
            assert_eq!(office.store().read(log::size).unwrap(), before + entries);
            office.expect_clean();
        }
        motcua::jobs::seal::seal_all(office.store()).unwrap();
        office.expect_clean();
    }
}

// Enough entries for whole subtrees whose hashes are kept, in batches of all sizes.
on_both! {
    fn a_long_log_is_proven_at_every_length(db: &Database) {
        use motcua::domain::log::merkle::is_consistent;
        let office = Office::open(db);
        let store = office.store();
        let mut heads = vec![store.read(log::head).unwrap()];
        for round in 0..12 {
            store.write(move |conn| {
                for i in 0..(1 + round * 11) {
                    let act = serde_json::json!({"round": round, "i": i});
                    let kind = motcua::store::admin_acts::ActKind::Settings;
                    motcua::store::admin_acts::record(conn, Actor::System, motcua::clock::now(), kind, &act)?;
                }
                Ok::<_, StoreError>(())
            }).unwrap();
            motcua::jobs::seal::seal_all(store).unwrap();
            heads.push(store.read(log::head).unwrap());
        }
        assert!(heads.last().unwrap().0 > 700);
        for (i, old) in heads.iter().enumerate() {
            for new in &heads[i..] {
                let proof = acts::checkpoint::consistency(store, old.0, new.0).unwrap().unwrap();
                assert!(is_consistent((old.0, &old.1), (new.0, &new.1), &proof), "{} {}", old.0, new.0);
            }
        }
        office.expect_clean();
        db.tamper("update log_nodes set hash = (select hash from log_nodes where place = 1) where place = 0");
        assert!(office.found(false).contains("cây không phải của các mục từ mục 0"));
    }
}

on_both! {
    fn supervisors_letters_hold_a_checkpoint(db: &Database) {
        let office = Office::open(db);
        let supervisor = acts::staff::NewStaff {
            username: "giam.sat".to_owned(),
            full_name: "Giám sát".to_owned(),
            role: Role::Supervisor,
            unit: "H37".to_owned(),
            oidc_subject: None,
            email: Some("giam.sat@langson.gov.vn".to_owned()),
            password: None,
        };
        acts::staff::create(office.store(), supervisor, None, None, motcua::clock::now()).unwrap();
        motcua::jobs::remind::remind(office.store(), at("2021-03-03 09:00")).unwrap();
        let body = db.value("select body from outbox where topic = 'digest'");
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        let kept = std::fs::read_to_string(&office.checkpoint).unwrap();
        assert_eq!(body["checkpoint"], kept);
        let templates = motcua::render::letters::Templates::load(None).unwrap();
        let letter = templates.letter(motcua::render::letters::Topic::Digest, &body).unwrap();
        // The letter as it was kept is as good as the file.
        std::fs::write(&office.checkpoint, letter.text).unwrap();
        office.expect_clean();
        assert!(letter.html.contains("— motcua.local&#x2f;"), "{}", letter.html);
    }
}

fn witness(url: &str, state: &Path) -> (bool, String, String) {
    let state = state.display().to_string();
    let output = Program::at("sqlite:///nonexistent/never-opened.sqlite3")
        .run(&["witness", url, "--state", &state]);
    (
        output.status.success(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

on_both! {
    fn a_witness_vouches_for_a_log_that_only_grows(db: &Database) {
        let office = Office::open(db);
        let state = db.folder().join("witness");
        let server = office.program.serve();
        let url = server.url().to_owned();
        let (ok, note, said) = witness(&url, &state);
        assert!(ok && said.contains("lần đầu"), "{said}");
        assert_eq!(note.matches("— ").count(), 2, "{note}");
        let (ok, _, said) = witness(&url, &state);
        assert!(ok && said.contains("chỉ dài thêm"), "{said}");
        // A supervisor's letter has to hold it whole.
        office.world.receive_at(COMMUNE, SAME_DAY, at("2021-03-03 08:00"));
        let size = |note: &str| note.lines().nth(1).unwrap().parse::<u64>().unwrap();
        let mut longer = note.clone();
        for _ in 0..100 {
            let (ok, newer, said) = witness(&url, &state);
            assert!(ok, "{said}");
            longer = newer;
            if size(&longer) > size(&note) {
                break;
            }
            // A checkpoint is given out again for a while.
            db.tamper("delete from log_checkpoints");
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        assert!(size(&longer) > size(&note), "{longer}");
        std::fs::write(&office.checkpoint, &longer).unwrap();
        let key = office.program.output(&["checkpoint", "--key"]);
        let file = office.checkpoint.display().to_string();
        office.program.output(&["verify", "--checkpoint", &file, "--key", key.trim()]);
        // Asked for what there is not.
        for query in ["", "?from=1", "?from=5&to=4", "?from=0&to=99999", "?from=-1&to=x"] {
            let answer = server.get(&format!("/api/v1/checkpoint/consistency{query}"));
            answer.problem(400, "invalid-request");
        }
        server.stop();
        office.rewrite_log(db, |entries| entries[0].hash[0] ^= 1);
        let server = office.program.serve();
        // The address is another one: the witness goes by it.
        let from = format!("{}.checkpoint", name_of(&url));
        let to = format!("{}.checkpoint", name_of(server.url()));
        std::fs::rename(state.join(from), state.join(to)).unwrap();
        let (ok, note, said) = witness(server.url(), &state);
        assert!(!ok && note.is_empty() && said.contains("NHẬT KÝ BỊ SỬA"), "{said}");
        server.stop();
        office.rewrite_log(db, |entries| entries.truncate(5));
        let server = office.program.serve();
        let mut from = std::fs::read_dir(&state).unwrap().map(|file| file.unwrap().path());
        let from = from.find(|file| file.extension().is_some_and(|end| end == "checkpoint")).unwrap();
        std::fs::rename(from, state.join(format!("{}.checkpoint", name_of(server.url())))).unwrap();
        let (ok, _, said) = witness(server.url(), &state);
        assert!(!ok && said.contains("NHẬT KÝ BỊ CẮT"), "{said}");
    }
}

/// How a witness names its files for an address.
fn name_of(url: &str) -> String {
    use sha2::{Digest, Sha256};
    data_encoding::HEXLOWER.encode(&Sha256::digest(url.as_bytes())[..8])
}

on_both! {
    fn the_key_is_made_once_and_no_other_is_taken(db: &Database) {
        use std::os::unix::fs::PermissionsExt;
        let office = Office::open(db);
        let key = db.folder().join("log.key");
        let mode = std::fs::metadata(&key).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let text = std::fs::read_to_string(&key).unwrap();
        // The environment is as good.
        let public = office.program.output(&["checkpoint", "--key"]);
        let elsewhere = Program::at(db.url()).with("MOTCUA__LOG__KEY", text.trim())
            .with("MOTCUA__LOG__KEY_FILE", "/nonexistent/log.key");
        assert_eq!(elsewhere.output(&["checkpoint", "--key"]), public);
        let lost = Program::at(db.url())
            .with("MOTCUA__LOG__KEY_FILE", &db.folder().join("no/such.key").display().to_string());
        let error = lost.failure(&["serve", "--listen", "127.0.0.1:0"]);
        assert!(error.contains("không có tệp khóa nhật ký") && error.contains("such.key"), "{error}");
        assert!(!db.folder().join("no").exists());
        let other = Database::new(Kind::Sqlite);
        drop(World::new(other.store()));
        Program::on(&other).output(&["checkpoint"]);
        std::fs::copy(other.folder().join("log.key"), &key).unwrap();
        let error = office.program.failure(&["serve", "--listen", "127.0.0.1:0"]);
        assert!(error.contains("không phải khóa của cơ sở dữ liệu này"), "{error}");
        std::fs::write(&key, "hỏng").unwrap();
        let error = office.program.failure(&["serve", "--listen", "127.0.0.1:0"]);
        assert!(error.contains("log.key") && error.contains("không phải khóa"), "{error}");
        assert!(!error.contains("PRIVATE"), "{error}");
        let named = Program::at(db.url()).with("MOTCUA__LOG__KEY", text.trim()).with("MOTCUA__LOG__ORIGIN", "x.vn");
        let error = named.failure(&["serve", "--listen", "127.0.0.1:0"]);
        assert!(error.contains("log.origin"), "{error}");
    }
}

// A database of the program before there was a log.
on_both! {
    fn an_old_database_is_taken_into_the_log(db: &Database) {
        let file = match db.kind {
            Kind::Sqlite => "tests/data/main-24489b6.sqlite3.gz",
            Kind::Postgres => "tests/data/main-24489b6.postgres.sql.gz",
        };
        let old = std::process::Command::new("gunzip").args(["-c", file]).output().unwrap();
        assert!(old.status.success());
        match db.kind {
            Kind::Sqlite => {
                std::fs::create_dir_all(db.file().parent().unwrap()).unwrap();
                std::fs::write(db.file(), old.stdout).unwrap();
            }
            Kind::Postgres => db.tamper(std::str::from_utf8(&old.stdout).unwrap()),
        }
        let program = Program::on(db);
        let said = program.output(&["verify"]);
        assert!(said.contains("20 hồ sơ") && said.contains("không có sai lệch"), "{said}");
        let entries: u64 = db.value(
            "(select count(*) from dossier_events) + (select count(*) from persons) \
             + (select count(*) from identity_readings) - (select count(*) from unannounced_events)"
        ).parse().unwrap();
        let store = db.store();
        assert_eq!(store.read(log::size).unwrap(), entries);
        assert_ne!(db.value("select count(*) from identity_readings"), "0");
        assert_ne!(db.value("select count(*) from unannounced_events"), "0");
        let kinds = "select count(*) from admin_acts where kind = 'account_adopted'";
        assert_eq!(db.value(kinds), db.value("select count(*) from users"));
        // Twice is once.
        drop(db.store());
        announce(&store, &[], motcua::clock::now()).unwrap();
        program.output(&["checkpoint"]);
        program.output(&["verify"]);
        for damage in [
            "update persons set phone = '0900000000' where phone is not null",
            "update users set role = 'administrator'",
            "delete from identity_readings",
        ] {
            db.tamper(damage);
            let output = program.run(&["verify"]);
            assert_eq!(output.status.code(), Some(1), "{damage}");
        }
    }
}

// docs/operations.md: whoever breaks into the server cannot change history even so.
#[test]
fn the_documented_role_serves_and_cannot_change_history() {
    let db = Database::new(Kind::Postgres);
    let (owner, server) = (db.role("owner"), db.role("server"));
    let docs = std::fs::read_to_string("docs/operations.md").unwrap();
    let sql = docs
        .split("```sql\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    let sql = sql
        .replace("motcua_owner", &owner.name)
        .replace("motcua_server", &server.name)
        .replace("DATABASE", db.name());
    let (before, after) = sql.split_once("-- after: motcua migrate").unwrap();
    db.tamper(before);
    Program::at(&owner.url).output(&["migrate"]);
    Program::at(&owner.url).output(&["import", "units", "config/units-lang-son-2021.csv"]);
    db.tamper(after);
    let program = Program::at(&server.url).with(
        "MOTCUA__LOG__KEY_FILE",
        &db.folder().join("log.key").display().to_string(),
    );
    for (command, file) in [
        ("calendar", "config/holidays-vn-2018-2027.csv"),
        ("procedures", "config/procedures-lang-son.json"),
    ] {
        program.output(&["import", command, file]);
    }
    let running = program.serve();
    running.get("/readyz").expect(200);
    running.get("/api/v1/checkpoint").expect(200);
    running.stop();
    let store = Store::open(
        &server.url.parse().unwrap(),
        motcua::store::StoreOptions::default(),
    )
    .unwrap();
    let world = World { store };
    let dossier = world.receive_at(COMMUNE, SAME_DAY, at("2021-03-01 08:00"));
    let clerk = hire(&world, Role::Clerk, COMMUNE);
    read_identities(&world.store, &clerk, dossier.id, at("2021-03-01 09:00"));
    motcua::jobs::housekeeping::run(&world.store, at("2021-03-02 08:00")).unwrap();
    announce(&world.store, &[], motcua::clock::now()).unwrap();
    program.output(&["checkpoint"]);
    program.output(&["verify"]);
    for table in [
        "dossier_events",
        "identity_readings",
        "admin_acts",
        "log_batches",
        "log_nodes",
        "log_checkpoints",
    ] {
        for statement in [
            format!("delete from {table}"),
            format!("truncate {table}"),
            format!("drop table {table}"),
        ] {
            let refused = server.run(&statement).unwrap_err();
            assert!(
                refused.contains("permission denied") || refused.contains("must be owner"),
                "{statement}: {refused}"
            );
        }
    }
    let refused = server.run("update dossier_events set at = 0").unwrap_err();
    assert!(refused.contains("permission denied"), "{refused}");
}
