//! Imports: all or nothing, every wrong place named, twice is once.

use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet};

use crate::support::{COMMUNE, Database, Program, World, at, date, on_both};
use motcua::domain::unit::Level;
use motcua::imports::{ImportError, UnitsOptions};
use motcua::store::Store;

fn options(from: &str, replaces: &[Level]) -> UnitsOptions {
    UnitsOptions {
        valid_from: date(from),
        replaces: replaces.to_vec(),
    }
}

fn units(store: &Store, text: &str) -> Result<motcua::imports::Imported, ImportError> {
    motcua::imports::units(store, text.as_bytes(), &options("2018-01-01", &[]))
}

/// `line N, column` of each wrong place.
fn places(error: ImportError) -> Vec<String> {
    match error {
        ImportError::Wrong(wrong) => wrong
            .iter()
            .map(|w| format!("{} {}", w.line, w.column).trim().to_owned())
            .collect(),
        error => panic!("{error}"),
    }
}

const HEAD: &str = "code,level,kind,name,parent_code,statistical_code\n";

on_both! {
    fn the_real_files_come_in_and_twice_changes_nothing(db: &Database) {
        let store = db.store();
        let two = include_bytes!("../../config/units-lang-son-2025.csv");
        let lines = include_bytes!("../../config/unit-successions-2025-07-01.csv");
        let replaces = [Level::District, Level::Commune];
        for round in 0..2 {
            let first = round == 0;
            let imported = motcua::imports::calendar(&store, motcua::config::bundled::CALENDAR).unwrap();
            assert_eq!(imported.changes() > 0, first);
            let imported =
                motcua::imports::units(&store, motcua::config::bundled::UNITS_2021, &options("2018-01-01", &[]))
                    .unwrap();
            assert_eq!(imported.added, if first { 229 } else { 0 });
            assert_eq!(imported.changed, 0, "round {round}");
            let imported = motcua::imports::procedures(&store, motcua::config::bundled::PROCEDURES).unwrap();
            assert_eq!(imported.changes() > 0, first);
            if first {
                let imported =
                    motcua::imports::units(&store, two, &options("2025-07-01", &replaces)).unwrap();
                // The province stays; 65 are new; 11 districts and 200 communes end.
                assert_eq!((imported.added, imported.changed, imported.unchanged), (65, 211, 1));
            }
            let imported = motcua::imports::successions(&store, lines, None).unwrap();
            assert_eq!(imported.changes() > 0, first);
        }
        let again = motcua::imports::units(&store, two, &options("2025-07-01", &replaces)).unwrap();
        assert_eq!(again.changes(), 0);

        let reference = store.reference().unwrap();
        let open = |day: &str| {
            let units = reference.units().all();
            let count = units.iter().filter(|unit| unit.is_open_on(date(day))).count();
            let levels = Level::ALL
                .iter()
                .filter(|level| units.iter().any(|u| u.level == **level && u.is_open_on(date(day))))
                .count();
            (count, levels)
        };
        assert_eq!(open("2025-06-30"), (229, 3));
        // The 17 departments go on: the file of 2025 does not say otherwise.
        assert_eq!(open("2025-07-01"), (66 + 17, 2));
    }
}

on_both! {
    fn units_name_every_wrong_line_and_column(db: &Database) {
        let store = db.store();
        let text = format!(
            "{HEAD}\
             H37,province,people_committee,Tỉnh,,20\n\
             h37-1,province,department,Sở,H37,\n\
             H37.02,planet,department,,H99,\n\
             H37.03,district,people_committee,Huyện,H37.77,\n\
             H37.04,district,people_committee,Huyện,H37.05,\n\
             H37.05,commune,people_committee,Xã,H37.04,\n\
             H37.05,commune,people_committee,Xã,H37,\n\
             H37.06,commune,people_committee,Xã\n"
        );
        let wrong = places(units(&store, &text).unwrap_err());
        assert_eq!(
            wrong,
            [
                "3 cột code",
                "4 cột level",
                "4 cột name",
                "4 cột parent_code",
                "5 cột parent_code",
                "6 cột parent_code",
                "7 cột parent_code",
                "8 cột code",
                "9",
            ]
        );
        assert!(store.reference().unwrap().units().all().is_empty());
    }
}

#[test]
fn heads_encodings_and_empty_files_are_named() {
    let db = Database::new(crate::support::Kind::Sqlite);
    let store = db.store();
    assert_eq!(
        places(units(&store, "code,level,kind,name,parent_code,color\n").unwrap_err()),
        ["1 cột statistical_code", "1 cột color"]
    );
    assert_eq!(places(units(&store, HEAD).unwrap_err()), ["1"]);
    let bytes = b"code,level,kind,name,parent_code,statistical_code\nH37,province,x,\xff\xfe,,\n";
    let error = motcua::imports::units(&store, bytes, &options("2018-01-01", &[])).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("dòng 2, byte 16") && text.contains("UTF-8"),
        "{text}"
    );
    // A byte order mark, as spreadsheets write it, is no error.
    let marked = format!("\u{feff}{HEAD}H37,province,people_committee,Tỉnh,,20\n");
    assert_eq!(units(&store, &marked).unwrap().added, 1);
}

on_both! {
    fn words_and_codes_are_read_in_capitals_too(db: &Database) {
        let store = db.store();
        motcua::imports::calendar(&store, motcua::config::bundled::CALENDAR).unwrap();
        units(&store, &format!("{HEAD}H37,Province,People_committee,Tỉnh Lạng Sơn,,\nh37.98,District,people_committee,Huyện Ba,H37,\nh37.98.01,Commune,PEOPLE_COMMITTEE,Xã Một,H37.98,\nH37.98.02,COMMUNE,People_Committee,Xã Hai,h37.98,\n")).unwrap();
        let reference = store.reference().unwrap();
        assert!(reference.units().by_code("H37.98.01").is_some() && reference.units().by_code("H37.98.02").is_some());
        let lines = "old_code,new_code,share\nh37.98.01,H37.98.02,Whole\n";
        motcua::imports::successions(&store, lines.as_bytes(), Some(date("2026-01-01"))).unwrap();
        let days = "date,kind,name\n2026-03-03,OFF,Nghỉ bù\n";
        assert_eq!(motcua::imports::calendar(&store, days.as_bytes()).unwrap().added, 1);
        // And as they are typed: an O for a zero, letters of another keyboard, a telephone behind what it is called.
        let head = HEAD.trim_end().to_owned() + ",phone\n";
        units(&store, &format!("{head}h37.98.O3,commune,people_committee,Xã Ba,Н37.98,,ĐT: 0205 3812 345; 1022\n")).unwrap();
        let reference = store.reference().unwrap();
        let unit = reference.units().by_code("H37.98.03").unwrap();
        assert_eq!((unit.phone.as_deref(), unit.parent.is_some()), (Some("0205 3812 345, 1022"), true));
        // A day that was known by another name is not replaced in silence.
        let days = "date,kind,name\n2026-09-02,off,Nghỉ\n";
        let imported = motcua::imports::calendar(&store, days.as_bytes()).unwrap();
        assert_eq!((imported.added, imported.changed), (0, 1));
        assert_eq!(imported.notes[0], "thay 1 ngày đã có: 02/09/2026 (Quốc khánh, nay là Nghỉ)");
    }
}

on_both! {
    fn a_calendar_is_taken_whole_or_not_at_all(db: &Database) {
        let store = db.store();
        let calendar = |text: &str| motcua::imports::calendar(&store, text.as_bytes());
        let wrong = calendar(
            "date,kind,name\n2021-02-30,off,Tết\n2021-01-01,holiday,Tết\n2021-01-01,off,\n\
             2021-05-01,off,x\n2021-05-01,off,y\n",
        );
        assert_eq!(
            places(wrong.unwrap_err()),
            ["2 cột date", "3 cột kind", "4 cột name", "6 cột date"]
        );
        let gap = calendar("date,kind,name\n2021-01-01,off,a\n2023-01-01,off,b\n").unwrap_err();
        assert!(gap.to_string().contains("thiếu năm 2022"));
        assert!(store.reference().unwrap().calendar().is_none());
        calendar("date,kind,name\n2021-01-01,off,a\n").unwrap();
        calendar("date,kind,name\n2022-01-01,off,b\n").unwrap();
        let reference = store.reference().unwrap();
        assert!(reference.calendar().unwrap().covers(date("2021-06-01")));
    }
}

on_both! {
    fn successions_need_known_units_and_one_heir_for_the_rest(db: &Database) {
        let world = World::new(db.store());
        let text = "old_code,new_code,share\n\
                    H37.20.01,H37.99,whole\n\
                    H37.20.02,H37.20.03,part\n\
                    H37.20.04,H37.20.04,whole\n\
                    H37.20.05,H37.20.06,all\n";
        let error = motcua::imports::successions(&world.store, text.as_bytes(), None).unwrap_err();
        let wrong = places(error);
        for place in ["2 cột new_code", "3 cột share", "4 cột new_code", "5 cột share"] {
            assert!(wrong.contains(&place.to_owned()), "{place}: {wrong:?}");
        }
        assert_eq!(world.store.reference().unwrap().units().successions().count(), 0);
        // What one file may not say, two may not say either; and nothing goes round.
        let import = |line: &str| {
            let text = format!("old_code,new_code,share\r\n{line}\r\n");
            motcua::imports::successions(&world.store, text.as_bytes(), Some(date("2026-12-15")))
        };
        assert_eq!(import("H37.20.05,H37.20.06,whole").unwrap().added, 1);
        for (line, said) in [
            ("H37.20.05,H37.20.07,whole", "đã có đơn vị kế thừa khác là H37.20.06"),
            ("H37.20.06,H37.20.05,whole", "đi vòng"),
            ("H37.20.08,H37.20.07,whole\r\nH37.20.07,H37.20.08,whole", "đi vòng"),
        ] {
            let error = import(line).unwrap_err();
            assert!(error.to_string().contains(said), "{line}: {error}");
        }
        assert_eq!(import("H37.20.05,H37.20.06,whole").unwrap().unchanged, 1);
        assert_eq!(import("H37.20.05,H37.20.07,part\r\nH37.20.05,H37.20.06,default").unwrap().added, 1);
    }
}

on_both! {
    fn a_wrong_line_is_named_by_its_number_however_lines_end(db: &Database) {
        let store = db.store();
        for (text, line) in [
            ("date,kind,name\n26/12/2026,work,A\nxx,off,B\n", 3),
            ("date,kind,name\r\n26/12/2026,work,A\r\nxx,off,B\r\n", 3),
            ("date,kind,name\r\nxx,off,B\r\n", 2),
            ("date,kind,name\n26/12/2026,work,A\n\n\nxx,off,B\n", 5),
            ("\u{feff}date,kind,name\r\n\r\n26/12/2026,work,A\r\n,,\r\nxx,off,B", 5),
            ("sep=;\r\ndate;kind;name\r\nxx;off;B\r\n", 3),
        ] {
            let error = motcua::imports::calendar(&store, text.as_bytes()).unwrap_err();
            assert_eq!(places(error), [format!("{line} cột date")], "{text}");
        }
    }
}

on_both! {
    fn no_two_units_that_work_have_one_statistical_code_and_none_a_garbled_name(db: &Database) {
        let world = World::new(db.store());
        let import = |line: &str| {
            let file = format!("{HEAD}{line}");
            motcua::imports::units(&world.store, file.as_bytes(), &options("2026-01-01", &[])).unwrap_err()
        };
        let known = world.store.reference().unwrap();
        let known = known.units().by_code(COMMUNE).unwrap().statistical_code.clone().unwrap();
        let same = import(&format!("H37.20.98,commune,people_committee,Ủy ban nhân dân xã Mới,H37.20,{known}\n"));
        assert!(same.to_string().contains(&format!("({COMMUNE}) đã có mã này")), "{same}");
        let two = import(
            "H37.20.97,commune,people_committee,Ủy ban nhân dân xã Một,H37.20,09999\n\
             H37.20.98,commune,people_committee,Ủy ban nhân dân xã Hai,H37.20,09999\n",
        );
        assert_eq!(places(two), ["2 cột statistical_code", "3 cột statistical_code"]);
        for name in ["UBND xÃ£ Thá»\u{ad}", "UBND x· NguyÔn ®Æng", "UBND xaõ Nguyeãn"] {
            let garbled = import(&format!("H37.20.98,commune,people_committee,{name},H37.20,09998\n"));
            assert_eq!(places(garbled), ["2 cột name"], "{name}");
        }
    }
}

on_both! {
    fn procedures_are_checked_and_versioned(db: &Database) {
        let world = World::new(db.store());
        let one = |code: &str, from: &str, amount: u32| {
            serde_json::json!({
                "code": code, "name": "Thử", "field": "Thử", "levels": ["commune"],
                "valid_from": from, "announced_on": from, "online_level": "full",
                "statutory_limit": {"unit": "working_day", "amount": amount}, "result": "Giấy",
            })
        };
        let import = |all: serde_json::Value| {
            let text = serde_json::to_string_pretty(&all).unwrap();
            motcua::imports::procedures(&world.store, text.as_bytes())
        };
        let mut wrong = one("1.23", "2020-01-01", 10_000);
        wrong["workflow"] = serde_json::json!([
            {"name": "Một", "place": "unit", "role": "clerk", "hours": 0},
            {"name": "Hai", "place": "unit", "unit": "H37.99", "role": "clerk", "hours": 1},
        ]);
        let text = import(serde_json::json!([wrong])).unwrap_err().to_string();
        for part in ["/code", "quá dài", "/workflow/0/hours", "/workflow/0/unit"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let mut unknown_unit = one("1.000001", "2020-01-01", 5);
        unknown_unit["department"] = "H37.99".into();
        let text = import(serde_json::json!([unknown_unit])).unwrap_err().to_string();
        assert!(text.contains("H37.99"), "{text}");
        let text = import(serde_json::json!([{"code": "1.000001"}])).unwrap_err().to_string();
        for part in ["/name", "/field", "/levels", "/valid_from", "/statutory_limit", "/result"] {
            assert!(text.contains(&format!("{part} của 1.000001: thiếu")), "{part}: {text}");
        }
        // What cannot be read hides nothing else that is wrong.
        let mut several = one("abc", "2020-01-01", 99_999);
        several["levels"] = serde_json::json!(["commune", "moon"]);
        several["department"] = "ZZ".into();
        several["colour"] = "red".into();
        several["checklist"] =
            serde_json::json!([{"name": "Đơn", "originals": -1, "copies": "x", "required": true}]);
        let second = one("1.000001", "2020-01-01", 0);
        let text = import(serde_json::json!([several, second])).unwrap_err().to_string();
        for part in [
            "/code của abc",
            "/levels/1 của abc",
            "/statutory_limit của abc",
            "/department của abc: không có đơn vị ZZ",
            "/colour của abc: trường lạ",
            "/checklist/0/originals của abc",
            "/checklist/0/copies của abc",
            "/statutory_limit của 1.000001",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }

        import(serde_json::json!([one("1.000001", "2020-01-01", 5)])).unwrap();
        let conflict = import(serde_json::json!([one("1.000001", "2020-01-01", 6)]));
        assert!(conflict.is_err(), "another content under the same first day");
        let second = import(serde_json::json!([one("1.000001", "2021-01-01", 6)])).unwrap();
        assert_eq!((second.added, second.changed), (1, 1));
        let reference = world.store.reference().unwrap();
        let amount = |day: &str| {
            let version = reference.procedure_in_force("1.000001", date(day)).unwrap();
            version.definition.promised_limit().amount
        };
        assert_eq!((amount("2020-12-31"), amount("2021-01-01")), (Some(5.into()), Some(6.into())));
    }
}

#[test]
fn the_catalogue_is_as_large_and_varied_as_promised() {
    use std::collections::BTreeSet;

    let catalogue = motcua::imports::Catalogue::parse(motcua::config::bundled::PROCEDURES).unwrap();
    let all: Vec<_> = catalogue.procedures.iter().map(|(_, p)| p).collect();
    assert!(all.len() >= 60);
    let fields: BTreeSet<_> = all.iter().map(|p| p.field.as_str()).collect();
    assert!(fields.len() >= 15);
    let levels: BTreeSet<_> = all.iter().map(|p| p.level()).collect();
    assert_eq!(levels.len(), 3);
    let units: BTreeSet<_> = all
        .iter()
        .map(|p| p.promised_limit().unit.to_string())
        .collect();
    assert_eq!(units.len(), 4);
    assert!(
        all.iter()
            .all(|p| !p.checklist.is_empty() && !p.workflow.is_empty())
    );
    let crossing = all.iter().filter(|p| {
        use motcua::domain::procedure::Place;
        p.workflow.iter().any(|step| step.place != Place::Receiving)
    });
    assert!(crossing.count() >= 5);
    // What is not known to be the real code says so.
    let invented = all.iter().filter(|p| p.code.starts_with('9'));
    assert!(invented.clone().count() > 0 && invented.into_iter().all(|p| p.code_is_sample));
}

#[test]
fn the_command_line_names_file_and_place_and_fails() {
    let db = Database::new(crate::support::Kind::Sqlite);
    drop(db.store());
    let program = Program::on(&db);
    let missing = program.failure(&["import", "units", "/nonexistent/units.csv"]);
    assert!(missing.contains("/nonexistent/units.csv"), "{missing}");
    let file = db.folder().join("units.csv");
    std::fs::write(&file, format!("{HEAD}X,province,x,y,,\n")).unwrap();
    let wrong = program.failure(&["import", "units", file.to_str().unwrap()]);
    assert!(
        wrong.contains("units.csv") && wrong.contains("dòng 2, cột kind"),
        "{wrong}"
    );
    std::fs::write(&file, motcua::config::bundled::UNITS_2021).unwrap();
    let added = program.output(&["import", "units", file.to_str().unwrap()]);
    assert!(added.contains("thêm 229"), "{added}");
}

#[test]
fn an_unclosed_quote_is_refused_where_it_opened() {
    let db = Database::new(crate::support::Kind::Sqlite);
    let store = db.store();
    let unit = |number: u32, name: &str| {
        format!("H9{number},province,people_committee,{name},,9{number}\n")
    };
    for (name, refused) in [
        ("\"Ủy ban", true),
        ("\"Ủy ban \"\"A\"\"", true),
        ("\"Ủy ban \"A\"", true),
        ("\"Ủy ban\nnhân dân\"", true),
        ("\"Ủy ban, \"\"A\"\"\"", false),
        ("Ủy ban \"A\"", false),
        ("\"Ủy ban\" ", false),
    ] {
        // The quote of a later line would close it.
        let later = unit(2, "\"Ủy ban, B\"");
        for last in [unit(2, "Ủy ban"), later] {
            let text = format!("{HEAD}{}{}{last}", unit(0, "Ủy ban"), unit(1, name));
            let read = units(&store, &text);
            match read {
                Err(error) if refused => {
                    assert!(
                        error.to_string().contains("dấu ngoặc kép"),
                        "{name}: {error}"
                    );
                    assert_eq!(places(error)[0], "3", "{name}");
                }
                Err(error) => panic!("{name}: {error}"),
                Ok(_) => assert!(!refused, "{name}"),
            }
        }
    }
    let store = store.reference().unwrap();
    assert!(
        store.units().by_code("H90").is_some(),
        "those that were right"
    );
    let text = "date,kind,name\n2027-01-01,day_off,\"Tết\n2027-01-02,day_off,Tết\n";
    let error = motcua::imports::read_calendar(text.as_bytes()).unwrap_err();
    assert_eq!(places(error), ["2"]);
}

on_both! {
    fn the_days_of_a_calendar_keep_their_sources(db: &Database) {
        let store = db.store();
        let import = |text: &str| motcua::imports::calendar(&store, text.as_bytes()).unwrap();
        let sources = || {
            let reference = store.reference().unwrap();
            let days = reference.calendar().unwrap().days();
            let sources = days.map(|day| {
                let source = day.source.as_ref();
                source.map(|source| format!("{} {}", source.kind.as_str(), source.document))
            });
            sources.map(|source| source.unwrap_or_default()).collect::<Vec<_>>()
        };
        let odd = motcua::imports::read_calendar(b"date,kind,name\n2026-09-02,work,X\n").unwrap_err().to_string();
        assert!(odd.contains("làm bù là vào thứ Bảy hoặc Chủ nhật"), "{odd}");
        let old = "date,kind,name\n2027-01-01,off,Tết\n2027-02-08,off,Mùng ba\n2027-03-06,work,Làm bù\n";
        assert_eq!(import(old).added, 3);
        assert_eq!(sources(), ["", "", ""]);
        // The columns may be anywhere, and a row may leave out what it does not say.
        let new = "date,kind,name,source,document\n2027-01-01,off,Tết,law\n\
                   2027-02-08,off,Mùng ba,provisional,\n2027-03-06,work,Làm bù,notice,Thông báo 1/TB\n";
        assert_eq!(import(new).changed, 3);
        let said = ["law ", "provisional ", "notice Thông báo 1/TB"];
        assert_eq!(sources(), said);
        // A file of before takes nothing of it away; a day that is another one has no source.
        assert_eq!(import(old).changes(), 0);
        assert_eq!(sources(), said);
        import(&old.replace("Mùng ba", "Ngày khác"));
        assert_eq!(sources(), ["law ", "", "notice Thông báo 1/TB"]);
    }
}

#[test]
fn a_source_that_cannot_be_is_named_by_line_and_column() {
    let text = "date,kind,name,source,document\n\
                2027-01-01,off,Tết,rumour,\n\
                2027-01-02,off,Tết,notice,\n\
                2027-01-03,off,Tết,,Thông báo 1/TB\n\
                2027-01-04,off,Tết,law,Luật 1,2\n\
                2027-01-05,off\n";
    let error = motcua::imports::read_calendar(text.as_bytes()).unwrap_err();
    let wrong = ["2 cột source", "3 cột document", "4 cột source", "5", "6"];
    assert_eq!(places(error), wrong);
}

on_both! {
    fn files_come_in_as_spreadsheets_save_them(db: &Database) {
        let world = World::new(db.store());
        let days = |store: &Store| {
            let reference = store.reference().unwrap();
            let calendar = reference.calendar().unwrap();
            ["2027-03-08", "2027-03-09"].map(|day| calendar.day(date(day)).map(|day| day.name.clone()))
        };
        let text = String::from_utf8(motcua::config::bundled::CALENDAR.to_vec()).unwrap();
        let of_2027: Vec<&str> = text.lines().filter(|line| line.starts_with("2027")).collect();
        let rows = |separator: char, form: &str, name: &str| {
            let mut rows = vec![format!("date{separator}kind{separator}name")];
            for line in &of_2027 {
                let cells: Vec<&str> = line.split(',').collect();
                let day = date(cells[0]).format(form);
                rows.push(format!("{day}{separator}{}{separator}{}", cells[1], cells[2]));
            }
            let day = date("2027-03-08").format(form);
            rows.push(format!("{day}{separator}off{separator}{name}"));
            rows
        };
        let wide = |text: &str, bytes: fn(u16) -> [u8; 2]| {
            let marked = format!("\u{feff}{text}");
            marked.encode_utf16().flat_map(bytes).collect::<Vec<u8>>()
        };
        let files = [
            rows(';', "%d/%m/%Y", "Một").join("\r\n").into_bytes(),
            format!("\u{feff}{}\r\n", rows(';', "%-d/%-m/%Y", "Hai").join("\r\n")).into_bytes(),
            wide(&rows('\t', "%d/%m/%Y", "Ba").join("\r\n"), u16::to_le_bytes),
            wide(&rows('\t', "%Y-%m-%d", "Bốn").join("\r\n"), u16::to_be_bytes),
            // An emptied row, empty cells at the end, a column that was once used, odd letters.
            format!("{}\n,,\n,,,,\n", rows(',', "%Y-%m-%d", "N\u{200b}a\u{306}m").join(",,\n")).into_bytes(),
        ];
        for (file, name) in files.iter().zip(["Một", "Hai", "Ba", "Bốn", "Năm"]) {
            motcua::imports::calendar(&world.store, file).unwrap();
            assert_eq!(days(&world.store), [Some(name.to_owned()), None]);
        }
        // 3 August, not 8 March; and what is no date either way is named by line and column.
        let wrong = |file: &str| motcua::imports::calendar(&world.store, file.as_bytes()).unwrap_err().to_string();
        let third = wrong("date;kind;name\n31/12/2027;off;x\n12/31/2027;off;y\n");
        assert!(third.contains("dòng 3, cột date") && third.contains("12/31/2027"), "{third}");
        let unclosed = wrong("date;kind;name\n2027-01-01;off;\"x\n");
        assert!(unclosed.contains("dòng 2"), "{unclosed}");
        // Told which separator, empty rows before the head, days as others write them and with an empty hour.
        for (file, name) in [
            ("sep=;\r\n;;\r\ndate;kind;name\r\n8-3-2027;off;Sáu\r\n", "Sáu"),
            ("\u{feff}\n\n,,\ndate,kind,name\n08/03/2027 00:00:00,off,Bảy\n", "Bảy"),
            ("date\tkind\tname\n8.3.2027\toff\tTám\n", "Tám"),
        ] {
            motcua::imports::calendar(&world.store, file.as_bytes()).unwrap();
            assert_eq!(days(&world.store), [Some(name.to_owned()), None]);
        }
        let two = wrong("sep=;\n\ndate;kind;name\n8/3/27;off;x\n;off;\n");
        for place in ["dòng 4, cột date", "dòng 5, cột date", "dòng 5, cột name"] {
            assert!(two.contains(place), "{two}");
        }
        // What an alphabet without our letters has made of them is not taken for a name.
        let lost = wrong("date;kind;name\n01/01/2027;off;T?t D??ng l?ch\n");
        assert!(lost.contains("dòng 2, cột name") && lost.contains("mất chữ tiếng Việt"), "{lost}");
        let unmarked: Vec<u8> = rows('\t', "%d/%m/%Y", "Chín").join("\r\n").encode_utf16()
            .flat_map(u16::to_le_bytes).collect();
        motcua::imports::calendar(&world.store, &unmarked).unwrap();
        assert_eq!(days(&world.store), [Some("Chín".to_owned()), None]);
        let many = wrong("date,kind,name\n2027-01-01,off,x,y,z,w,v,u\n");
        assert!(many.contains("dòng 2: có 8 cột"), "{many}");
    }
}

/// A workbook of one sheet.
fn book(fill: impl FnOnce(&mut Worksheet)) -> Vec<u8> {
    let mut book = Workbook::new();
    fill(book.add_worksheet());
    book.save_to_buffer().unwrap()
}

fn write_row(page: &mut Worksheet, row: u32, cells: &[&str]) {
    for (column, cell) in (0..).zip(cells) {
        if !cell.is_empty() {
            page.write_string(row, column, *cell).unwrap();
        }
    }
}

on_both! {
    fn workbooks_come_in_with_days_as_days(db: &Database) {
        let world = World::new(db.store());
        let calendar = |file: &[u8]| motcua::imports::calendar(&world.store, file);
        let form = Format::new().set_num_format("dd/mm/yyyy");
        let day = |page: &mut Worksheet, row, day: &str| {
            let day = ExcelDateTime::parse_from_str(day).unwrap();
            page.write_datetime_with_format(row, 0, &day, &form).unwrap();
        };
        let text = String::from_utf8(motcua::config::bundled::CALENDAR.to_vec()).unwrap();
        let of_2027: Vec<&str> = text.lines().filter(|line| line.starts_with("2027")).collect();
        let file = book(|page| {
            // An empty row above the head, one below, and what was typed with marks that nobody sees.
            write_row(page, 1, &["Date", "kind", "name", "source", "document"]);
            for (row, line) in (3..).zip(&of_2027) {
                let cells: Vec<&str> = line.split(',').collect();
                day(page, row, cells[0]);
                write_row(page, row, &["", cells[1], &format!(" {}\u{200b}", cells[2]), cells[3], cells[4]]);
            }
        });
        let read = motcua::imports::read_calendar(&file).unwrap();
        let all = motcua::imports::read_calendar(motcua::config::bundled::CALENDAR).unwrap();
        let expected: Vec<_> = all.into_iter().filter(|day| day.date >= date("2027-01-01")).collect();
        assert_eq!(read, expected);
        assert_eq!(calendar(&file).unwrap().changes(), 0, "the same days as before");

        // A day that the spreadsheet has read the other way round stands beside texts that it could not read so.
        let swapped = book(|page| {
            write_row(page, 0, &["date", "kind", "name"]);
            day(page, 1, "2027-03-08");
            write_row(page, 1, &["", "off", "x"]);
            write_row(page, 2, &["31/08/2027", "off", "y"]);
            write_row(page, 3, &["2027-09-02", "off", "z"]);
        });
        let wrong = calendar(&swapped).unwrap_err();
        assert!(wrong.to_string().contains("đổi chỗ ngày và tháng"), "{wrong}");
        assert_eq!(places(wrong), ["3 cột date"]);

        // All that is wrong, by row and column: a day with an hour, a number, an error, too many columns.
        let several = book(|page| {
            write_row(page, 0, &["date", "kind", "name"]);
            page.write_number(1, 0, 46_000).unwrap();
            write_row(page, 1, &["", "off", "x"]);
            write_row(page, 2, &["2027-01-01", "no", ""]);
            write_row(page, 3, &["2027-01-02", "off", "x", "y"]);
        });
        assert_eq!(places(calendar(&several).unwrap_err()), ["2 cột date", "3 cột kind", "3 cột name", "4"]);
        let hour = book(|page| {
            write_row(page, 0, &["date", "kind", "name"]);
            day(page, 1, "2027-03-08T08:30:00");
        });
        assert_eq!(places(calendar(&hour).unwrap_err()), ["2 cột A"]);
    }
}

on_both! {
    fn no_number_that_lost_a_zero_is_taken(db: &Database) {
        let world = World::new(db.store());
        let import = |file: &[u8]| motcua::imports::units(&world.store, file, &options("2025-07-01", &[]));
        let head = ["code", "level", "kind", "name", "parent_code", "statistical_code"];
        let unit = |page: &mut Worksheet, row, code: &str, statistical: f64| {
            write_row(page, row, &[code, "commune", "people_committee", "Xã", "H37"]);
            page.write_number(row, 5, statistical).unwrap();
        };
        let lost = book(|page| {
            write_row(page, 0, &head);
            unit(page, 1, "H37.901", 6040.0);
            unit(page, 2, "H37.902", 25_001.0);
            write_row(page, 3, &["H37.903", "province", "department", "Sở", "H37"]);
            page.write_number(4, 0, 5).unwrap();
            write_row(page, 4, &["", "commune", "people_committee", "Xã", "H37", "06041"]);
        });
        let wrong = import(&lost).unwrap_err();
        assert!(wrong.to_string().contains("'6040' thiếu số 0 ở đầu"), "{wrong}");
        assert_eq!(places(wrong), ["2 cột statistical_code", "5 cột code"]);
        // In text it looks the same.
        let text = format!("{HEAD}H37.901,commune,people_committee,Xã,H37,6040\n");
        assert_eq!(places(import(text.as_bytes()).unwrap_err()), ["2 cột statistical_code"]);
        let whole = book(|page| {
            write_row(page, 0, &head);
            unit(page, 1, "H37.902", 25_001.0);
            write_row(page, 2, &["H37.903", "province", "department", "Sở", "H37"]);
            write_row(page, 3, &["H37.904", "commune", "people_committee", "Xã", "H37", "06041"]);
        });
        assert_eq!(import(&whole).unwrap().added, 3);
        let reference = world.store.reference().unwrap();
        let code = |unit: &str| reference.units().by_code(unit).unwrap().statistical_code.clone();
        assert_eq!(code("H37.902").as_deref(), Some("25001"));
        assert_eq!(code("H37.903"), None);
        assert_eq!(code("H37.904").as_deref(), Some("06041"));
    }
}

#[test]
fn what_is_no_table_in_a_workbook_is_told() {
    let told = |file: &[u8]| {
        let error = motcua::imports::read_calendar(file).unwrap_err();
        error.to_string()
    };
    let mut two = Workbook::new();
    write_row(two.add_worksheet(), 0, &["date", "kind", "name"]);
    two.add_worksheet();
    let second = two.add_worksheet();
    second.set_name("Ghi chú").unwrap();
    write_row(second, 0, &["x"]);
    let two = told(&two.save_to_buffer().unwrap());
    assert!(
        two.contains("2 trang tính") && two.contains("Ghi chú"),
        "{two}"
    );
    // Empty sheets and hidden ones are none.
    let mut one = Workbook::new();
    one.add_worksheet();
    write_row(one.add_worksheet().set_hidden(true), 0, &["x"]);
    let page = one.add_worksheet();
    write_row(page, 0, &["date", "kind", "name"]);
    write_row(page, 1, &["01/01/2027", "off", "Tết"]);
    let read = motcua::imports::read_calendar(&one.save_to_buffer().unwrap()).unwrap();
    assert_eq!(read[0].date, date("2027-01-01"));

    assert!(told(&book(|_| {})).contains("thiếu cột"), "an empty sheet");
    assert!(told(b"PK\x03\x04 no workbook").contains("không đọc được bảng tính"));
    assert!(
        told(&[0xd0, 0xcf, 0x11, 0xe0, 0, 0]).contains(".xlsx"),
        "as before 2007"
    );
    // One that claims a million rows is not made room for.
    let far = book(|page| {
        write_row(page, 0, &["date", "kind", "name"]);
        page.write_string(1_048_575, 16_383, "x").unwrap();
    });
    let far = told(&far);
    assert!(far.contains("dòng 1048576, cột XFD"), "{far}");
    // Where no table is read at all.
    let catalogue = motcua::imports::Catalogue::parse(&book(|_| {})).unwrap_err();
    assert!(
        catalogue.to_string().contains("tệp là bảng tính"),
        "{catalogue}"
    );
}

on_both! {
    fn norms_name_every_wrong_field_in_the_words_of_the_field(db: &Database) {
        let store = db.store();
        let import = |file: &[u8]| motcua::imports::norms(&store, file);
        let bundled = std::fs::read_to_string("config/norms.json").unwrap();
        let marked: Vec<u8> = format!("\u{feff}{bundled}").encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(import(&marked).unwrap().changes(), 0, "as an editor saves it");
        let wrong = bundled.replacen("1900-01-01", "1900-13-01", 1).replacen("\"basis\"", "\"bases\"", 1);
        assert_ne!(wrong, bundled);
        let told = import(wrong.as_bytes()).unwrap_err().to_string();
        for part in ["/0/valid_from: không có ngày này", "/0/bases: trường lạ", "/0/basis: thiếu"] {
            assert!(told.contains(part), "{part}: {told}");
        }
        // No day of the year 1.
        let lenient = bundled.replacen("1900-01-01", "1-1-27", 1);
        assert!(import(lenient.as_bytes()).unwrap_err().to_string().contains("/0/valid_from: cần ngày"));
        let told = import(b"[{\n]").unwrap_err().to_string();
        assert_eq!(told, "dòng 2: ký tự 1: tệp không phải JSON");
    }
}

on_both! {
    fn a_calendar_file_drops_nothing_unless_that_is_said(db: &Database) {
        let world = World::new(db.store());
        let program = Program::on(db);
        let count = || world.store.reference().unwrap().calendar().unwrap().days().count();
        let before = count();
        // Due on the day that is going to be off.
        let open = world.receive_at("H37.20.01", "1.004884", at("2026-10-09 08:00"));
        let due = || {
            let found = world.store.read(|conn| motcua::store::events::replay(conn, open.id)).unwrap();
            found.unwrap().0.due().unwrap()
        };
        assert_eq!(due(), at("2026-10-16 17:00"));
        let file = db.folder().join("hoan-doi.csv");
        let path = file.to_str().unwrap();
        std::fs::write(&file, "date;kind;name\n16/10/2026;off;Hoán đổi\n17/10/2026;work;Làm bù\n").unwrap();
        let preview = program.output(&["import", "calendar", path, "--preview"]);
        assert!(preview.contains("sẽ bỏ 0 ngày") && preview.contains("đổi ngày hẹn trả của 1 trong 1 hồ sơ"), "{preview}");
        assert_eq!(count(), before, "nothing yet");
        let added = program.output(&["import", "calendar", path]);
        assert!(added.contains("thêm 2, sửa 0") && added.contains("ngày đã có"), "{added}");
        assert_eq!(count(), before + 2);
        assert_eq!(due(), at("2026-10-17 17:00"));
        // The whole of the year: what goes is named first.
        let text = String::from_utf8(motcua::config::bundled::CALENDAR.to_vec()).unwrap();
        let year: String = text.lines().filter(|line| line.starts_with("date") || line.starts_with("2026"))
            .map(|line| format!("{line}\n")).collect();
        std::fs::write(&file, &year).unwrap();
        let preview = program.output(&["import", "calendar", path, "--replace", "--preview"]);
        for part in ["sẽ bỏ 2 ngày", "16/10/2026 Hoán đổi", "17/10/2026 Làm bù", "của 1 trong 1 hồ sơ"] {
            assert!(preview.contains(part), "{part}: {preview}");
        }
        assert_eq!(count(), before + 2);
        let replaced = program.output(&["import", "calendar", path, "--replace"]);
        assert!(replaced.find("sẽ bỏ 2 ngày") < replaced.find("bỏ 2 ngày không còn trong tệp: 16/10/2026"), "{replaced}");
        assert_eq!((count(), due()), (before, at("2026-10-16 17:00")));
        // Twice is once, and other years stay.
        let again = program.output(&["import", "calendar", path, "--replace"]);
        assert!(again.contains("thêm 0, sửa 0") && again.contains("sẽ bỏ 0 ngày"), "{again}");
        assert_eq!(motcua::tools::verify::verify(&world.store, 5).unwrap().findings, []);
    }
}

on_both! {
    fn a_calendar_with_a_gap_is_named_at_its_line_and_is_no_fault_of_ours(db: &Database) {
        let mut office = crate::support::Office::open(db);
        let far = "date,kind,name\n02/09/2027,off,Quốc khánh\n03/12/2126,off,Xa quá\n";
        match motcua::imports::calendar(&office.world.store, far.as_bytes()) {
            Err(error) => assert_eq!(places(error), ["3 cột date"]),
            Ok(_) => panic!("taken"),
        }
        let admin = office.token(motcua::domain::role::Role::Administrator, "H37");
        let body = serde_json::json!({"days": [{"date": "2100-01-01", "kind": "off", "name": "Tết Dương lịch"}]});
        let call = office.call("POST", "/api/v1/calendar/2100/preview").token(&admin);
        let wrong = call.body(body).send().expect(400).json();
        assert_eq!(wrong["errors"][0]["field"], "/days", "{wrong}");
        assert!(wrong["errors"][0]["detail"].as_str().unwrap().contains("lịch thiếu năm"), "{wrong}");
    }
}
