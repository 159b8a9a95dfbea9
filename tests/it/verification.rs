//! `motcua verify` finds damage done behind the program's back, and names it.

use crate::support::{Database, Kind, Program, World, at, on_both};

const COMMUNE: &str = "H37.20.01";

fn lived_in(db: &Database) -> Program {
    let world = World::new(db.store());
    for hour in 8..12 {
        let when = at(&format!("2021-03-01 {hour:02}:00"));
        let dossier = world.receive_at(COMMUNE, "2.000815", when);
        world.begin(dossier.id, at("2021-03-01 13:30"));
        if hour % 2 == 0 {
            world.finish(dossier.id, at("2021-03-01 14:00"));
        }
    }
    motcua::jobs::housekeeping::run(&world.store, at("2021-03-02 08:00")).unwrap();
    let program = Program::on(db);
    assert!(program.output(&["verify"]).contains("4 hồ sơ"));
    program
}

/// What `verify` prints after the damage; it must exit non-zero.
fn after(db: &Database, damage: &str) -> String {
    let program = lived_in(db);
    db.tamper(damage);
    let output = program.run(&["verify"]);
    assert_eq!(output.status.code(), Some(1), "{damage}");
    String::from_utf8(output.stdout).unwrap()
}

macro_rules! damage {
    ($($name:ident: $sql:expr => [$($expected:expr),+];)+) => {
        $(on_both! {
            fn $name(db: &Database) {
                let found = after(db, $sql);
                $(assert!(found.contains($expected), "{}: {found}", $expected);)+
            }
        })+
    };
}

damage! {
    a_changed_state_is_found:
        "update dossiers set status = 10, returned_at = 1 where case_number = 'H37.20.01-210301-0001'"
        => ["H37.20.01-210301-0001", "status", "returned_at"];
    a_changed_event_breaks_the_chain:
        "update dossier_events set at = at - 60000 where sequence = 1 and dossier_id = \
         (select id from dossiers where case_number = 'H37.20.01-210301-0002')"
        => ["H37.20.01-210301-0002: chuỗi băm đứt ở sự kiện 1"];
    a_changed_actor_breaks_the_chain:
        "update dossier_events set actor = 99 where sequence = 2 and dossier_id = \
         (select id from dossiers where case_number = 'H37.20.01-210301-0002')"
        => ["H37.20.01-210301-0002: chuỗi băm đứt ở sự kiện 2"];
    a_lost_event_is_found:
        "delete from dossier_events where sequence = 2 and dossier_id = \
         (select id from dossiers where case_number = 'H37.20.01-210301-0003')"
        => ["H37.20.01-210301-0003", "không trọn vẹn"];
    a_lost_last_event_is_found:
        "delete from dossier_events where kind = 11"
        => ["trạng thái khác với lịch sử", "số tổng hợp sai"];
    an_unreadable_event_is_found:
        "update dossier_events set data = '{}' where sequence = 1"
        => ["không đọc được sự kiện"];
    a_lost_dossier_leaves_events_behind:
        "delete from dossiers where case_number = 'H37.20.01-210301-0004'"
        => ["nhưng không có hồ sơ đó"];
    a_lost_person_is_found:
        "delete from persons where id in (select applicant_id from dossiers \
         where case_number = 'H37.20.01-210301-0001')"
        => ["H37.20.01-210301-0001: không có người"];
    a_wrong_rollup_is_found:
        "update rollups set early = early + 1, received_direct = 0 where dimension = 2 and grain = 1"
        => ["đơn vị H37.20.01, ngày 01/03/2021", "early ghi 1, đếm lại 0", "received_direct ghi 0, đếm lại 4"];
    a_lost_rollup_is_found:
        "delete from rollups where dimension = 4"
        => ["thủ tục 2.000815"];
    an_invented_delta_is_found:
        "insert into tally_deltas (day, unit_id, procedure_id, channel, received_direct, \
         received_online, received_postal, early, on_time, overdue, crossed, moved) \
         select 18687, (select id from units where code = 'H37.20.01'), min(id), 1, 1, 0, 0, 0, 0, 0, 0, 0 \
         from procedures"
        => ["số tổng hợp sai"];
    a_counter_that_was_set_back_is_found:
        "update case_counters set last = 2"
        => ["H37.20.01-210301", "đang ở 2 nhưng hồ sơ có đến số 4"];
    dossiers_that_are_gone_without_a_trace_are_missed_by_the_counter:
        "delete from dossier_events; delete from dossiers; delete from rollups; delete from tally_deltas"
        => ["đang ở 4 nhưng hồ sơ có đến số 0"];
    a_lost_counter_is_found:
        "delete from case_counters"
        => ["đang ở 0 nhưng hồ sơ có đến số 4"];
}

#[test]
fn a_file_that_is_no_database_is_an_error_that_names_it() {
    let db = Database::new(Kind::Sqlite);
    std::fs::create_dir_all(db.file().parent().unwrap()).unwrap();
    std::fs::write(
        db.file(),
        "not a database, though long enough to be read as one".repeat(100),
    )
    .unwrap();
    let error = Program::on(&db).failure(&["verify"]);
    assert!(error.contains("motcua.sqlite3"), "{error}");
}

#[test]
fn a_damaged_page_is_an_error() {
    let db = Database::new(Kind::Sqlite);
    let program = lived_in(&db);
    let mut bytes = std::fs::read(db.file()).unwrap();
    let page = 4096;
    for byte in &mut bytes[page * 3..] {
        *byte ^= 0xa5;
    }
    std::fs::write(db.file(), bytes).unwrap();
    program.failure(&["verify"]);
}
