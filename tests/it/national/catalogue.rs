//! The portal's catalogue over ours: seen first, then taken in once.

use std::collections::HashMap;
use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};

use super::portal::{Manners, Portal};
use super::program;
use crate::support::{Database, Program, World, date, on_both};
use motcua::store::reference::Reference;

/// The list as the portal would answer it if it had all of ours.
fn list_of(world: &World, day: &str) -> Vec<Value> {
    let reference = world.store.reference().unwrap();
    let in_force = reference.procedures().into_iter().map(|p| &p.definition);
    let in_force = in_force.filter(|d| d.is_in_force_on(date(day)) && !d.code_is_sample);
    let listed = in_force.map(
        |d| json!({"MATTHC": d.code, "TENTTHC": d.name, "LINHVUC": d.field, "TRANGTHAI": "1"}),
    );
    listed.collect()
}

fn write(folder: &Path, name: &str, answer: &Value) {
    std::fs::create_dir_all(folder.join("details")).unwrap();
    std::fs::write(folder.join(name), answer.to_string()).unwrap();
}

fn import(folder: &Path, from: &str, more: &[&str]) -> Vec<String> {
    let list = folder.join("list.json").to_str().unwrap().to_owned();
    let details = folder.join("details").to_str().unwrap().to_owned();
    let fixed = [
        "import",
        "portal-catalogue",
        "--list",
        &list,
        "--details",
        &details,
    ];
    let day = ["--valid-from", from, "--backdating-reason", "Nhập muộn"];
    let all = fixed.iter().chain(day.iter()).chain(more);
    all.map(|text| (*text).to_owned()).collect()
}

fn run(db: &Database, arguments: &[String]) -> String {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    Program::on(db).output(&arguments)
}

fn new_procedure() -> Value {
    json!({"error_code": "0", "result": [{
        "MATTHC": "1.999901", "TENTTHC": "Đăng ký mới", "TRANGTHAI": "Còn hiệu lực",
        "LINHVUCTHUCHIEN": [{"MALINHVUC": "G01", "TENLINHVUC": "Hộ tịch"}],
        "CAPTHUCHIEN": [{"CAPTHUCHIEN": "Cấp Xã"}, {"CAPTHUCHIEN": "Cấp Huyện"}],
        "CACHTHUCTHUCHIEN": [
            {"KENH": "2", "THOIGIAN": [{"THOIGIANGIAIQUYET": 3, "DONVITINH": "Ngày làm việc"}]},
            {"KENH": "1", "THOIGIAN": {
                "THOIGIANGIAIQUYET": "5", "DONVITINH": "Ngày làm việc",
                "PHILEPHI": [{"TENPHILEPHI": "Lệ phí", "SOTIEN": "25.000", "DONVI": "Đồng"}],
            }},
        ],
        "THANHPHANHOSO": [{"TRUONGHOP": "", "GIAYTO": [
            {"TENGIAYTO": "Tờ khai", "SOBANCHINH": "1", "SOBANSAO": "0"},
            {"TENGIAYTO": "Giấy tờ khác", "SOBANCHINH": 0, "SOBANSAO": 2, "BATBUOC": "0"},
        ]}],
        "KETQUATHUCHIEN": [{"MAKETQUA": "KQ", "TENKETQUA": "Giấy xác nhận"}],
        "CANCUPHAPLY": [{"SOVANBAN": "60/2014/QH13", "TENVANBAN": "Luật Hộ tịch"}],
    }]})
}

on_both! {
    fn what_changes_is_seen_first_then_taken_in_once(db: &Database) {
        let world = World::new(db.store());
        let folder = db.folder();
        let mut list = list_of(&world, "2026-06-01");
        let count = list.len();
        // One ends by not being there, one by its state, one has another name, one is new.
        list.retain(|listed| listed["MATTHC"] != "1.003554");
        let find = |list: &mut Vec<Value>, code: &str| {
            list.iter().position(|listed| listed["MATTHC"] == code).unwrap()
        };
        let at = find(&mut list, "1.000775");
        list[at]["TRANGTHAI"] = json!("Bãi bỏ");
        let at = find(&mut list, "1.001193");
        list[at]["TENTTHC"] = json!("Đăng ký khai sinh (tên mới)");
        list.push(json!({"MaTTHC": "1.999901", "TenTTHC": "Đăng ký mới"}));
        write(folder, "list.json", &json!({"error_code": "0", "result": list}));
        write(folder, "details/1.999901.json", &new_procedure());
        // What the portal says nothing about stays.
        let longer = json!({"result": {"MATTHC": "2.000815", "CACHTHUCTHUCHIEN": [
            {"KENH": 1, "THOIGIAN": [{"THOIGIANGIAIQUYET": "2", "DONVITINH": "Ngày làm việc"}]},
        ]}});
        write(folder, "details/2.000815.json", &longer);

        let seen = run(db, &import(folder, "2026-06-01", &["--preview"]));
        for line in [
            "thủ tục mới 1.999901: Đăng ký mới",
            "phiên bản mới 1.001193: Đăng ký khai sinh (tên mới)",
            "    tên: ",
            "phiên bản mới 2.000815: ",
            "    thời hạn theo quy định: trong ngày → 2 ngày làm việc",
            "kết thúc 1.003554: ",
            "kết thúc 1.000775: ",
            "mã lĩnh vực Hộ tịch: G01",
        ] {
            assert!(seen.contains(line), "{line}: {seen}");
        }
        let counts = format!(
            "1 thủ tục mới, 2 phiên bản mới, 2 kết thúc, {} giữ nguyên", count - 4
        );
        assert!(seen.contains(&counts), "{counts}: {seen}");
        let before = world.store.reference().unwrap();
        assert_eq!(before.versions("1.999901").len(), 0, "a preview changes nothing");
        let code_of = |reference: &Reference, field: &str| {
            let mut fields = reference.fields().values();
            fields.find(|known| known.name == field).and_then(|known| known.portal_code.clone())
        };
        assert_eq!(code_of(&before, "Hộ tịch"), None);

        let done = run(db, &import(folder, "2026-06-01", &[]));
        assert_eq!(done, seen);
        let reference = world.store.reference().unwrap();
        let new = reference.procedure_in_force("1.999901", date("2026-06-01")).unwrap();
        let new = &new.definition;
        assert_eq!(new.statutory_limit.amount, Some(5.into()), "the desk's, not the web's");
        assert_eq!(new.fees[0].amount_vnd, Some(25_000));
        assert_eq!(new.levels.len(), 2);
        assert_eq!((new.checklist[0].required, new.checklist[1].required), (true, false));
        assert_eq!(new.legal_basis, ["60/2014/QH13 Luật Hộ tịch"]);
        assert!(!new.integrated, "that is ours to say");
        assert_eq!(code_of(&reference, "Hộ tịch").as_deref(), Some("G01"));
        let old = reference.procedure_in_force("2.000815", date("2026-05-31")).unwrap();
        let now = reference.procedure_in_force("2.000815", date("2026-06-01")).unwrap();
        assert_eq!(old.definition.valid_to, Some(date("2026-05-31")));
        assert_eq!(now.definition.workflow, old.definition.workflow);
        assert_eq!(now.definition.checklist, old.definition.checklist);
        assert!(now.definition.integrated);
        for code in ["1.003554", "1.000775"] {
            assert!(reference.procedure_in_force(code, date("2026-05-31")).is_some());
            assert!(reference.procedure_in_force(code, date("2026-06-01")).is_none());
        }
        // Codes of our own are not missed.
        assert!(reference.procedure_in_force("9.000001", date("2026-06-01")).is_some());

        for day in ["2026-06-01", "2026-07-01"] {
            let again = run(db, &import(folder, day, &[]));
            assert!(again.starts_with("0 thủ tục mới, 0 phiên bản mới, 0 kết thúc"), "{again}");
        }
        let after = world.store.reference().unwrap();
        assert_eq!(after.version(), reference.version());
    }
}

on_both! {
    fn every_wrong_place_is_named_and_nothing_changes(db: &Database) {
        let world = World::new(db.store());
        let folder = db.folder();
        let list = json!({"error_code": 0, "result": [
            {"MATTHC": "1.23", "TENTTHC": "x"},
            {"TENTTHC": "x"},
            {"MATTHC": "1.999901", "TRANGTHAI": "lạ"},
            {"MATTHC": "1.999901"},
            {"MATTHC": "1.999902", "TENTTHC": 5},
            {"MATTHC": "1.999903"},
            "1.999904",
        ]});
        write(folder, "list.json", &list);
        let mut wrong = new_procedure();
        let procedure = &mut wrong["result"][0];
        procedure["MATTHC"] = json!("1.999909");
        procedure["CAPTHUCHIEN"] = json!(["Cấp Xã", "Cấp Sao Hỏa"]);
        procedure["CACHTHUCTHUCHIEN"] = json!([{"KENH": "1", "THOIGIAN": [
            {"THOIGIANGIAIQUYET": "0.5", "DONVITINH": "Ngày"},
            {"THOIGIANGIAIQUYET": "5", "DONVITINH": "Tuần trăng", "PHILEPHI": [{"SOTIEN": "x"}]},
        ]}]);
        procedure["THANHPHANHOSO"][0]["GIAYTO"][0] = json!({"SOBANCHINH": -1});
        write(folder, "details/1.999902.json", &wrong);
        std::fs::write(folder.join("details/1.999903.json"), "{\"result\": [").unwrap();
        let arguments = import(folder, "2026-06-01", &[]);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let version = world.store.reference().unwrap().version();
        let error = Program::on(db).failure(&arguments);
        for place in [
            "list.json /result/0/MATTHC: '1.23'",
            "list.json /result/1: thiếu MATTHC",
            "list.json /result/2/TRANGTHAI: không rõ trạng thái 'lạ'",
            "list.json /result/3: đã có ở /result/2",
            "list.json /result/6: phải là một thủ tục",
            "1.999902.json /result/0/MATTHC: khác với mã 1.999902",
            "1.999902.json /result/0/CAPTHUCHIEN/1: không rõ cấp",
            "1.999902.json /result/0/CACHTHUCTHUCHIEN/0/THOIGIAN/0/THOIGIANGIAIQUYET: '0.5'",
            "1.999902.json /result/0/CACHTHUCTHUCHIEN/0/THOIGIAN/1/DONVITINH: không rõ đơn vị",
            "1.999902.json /result/0/CACHTHUCTHUCHIEN/0/THOIGIAN/1/PHILEPHI/0/SOTIEN: 'x'",
            "1.999902.json /result/0/THANHPHANHOSO/0/GIAYTO/0: thiếu TENGIAYTO",
            "1.999903.json : không phải JSON",
        ] {
            assert!(error.contains(place), "{place}: {error}");
        }
        // A new one needs its details; an empty answer or an error ends nothing.
        for (answer, place) in [
            (json!([{"MATTHC": "1.999905", "TENTTHC": "x"}]), "/CACHTHUCTHUCHIEN: thiếu"),
            (json!({"error_code": "0", "result": []}), "không có thủ tục nào"),
            (json!({"error_code": "9", "result": []}), "/error_code: cổng trả lời bằng một lỗi"),
        ] {
            write(folder, "list.json", &answer);
            let error = Program::on(db).failure(&arguments);
            assert!(error.contains(place), "{place}: {error}");
        }
        assert_eq!(world.store.reference().unwrap().version(), version);
    }
}

on_both! {
    fn the_portal_is_asked_itself(db: &Database) {
        let world = World::new(db.store());
        let portal = Portal::open(Manners::Good);
        let mut list = list_of(&world, "2026-06-01");
        list.push(json!({"MaTTHC": "1.999901", "TenTTHC": "Đăng ký mới"}));
        let procedures = HashMap::from([("1.999901".to_owned(), new_procedure())]);
        portal.has(json!({"error_code": "0", "result": list}), procedures);
        let import = |more: &[&str]| {
            let fixed = ["import", "portal-catalogue", "--fetch", "--valid-from", "2026-06-01"];
            program(db, &portal).run(&[&fixed, more].concat())
        };
        let text = |output: &Output| String::from_utf8(output.stdout.clone()).unwrap();
        let seen = import(&["--preview"]);
        assert!(seen.status.success(), "{seen:?}");
        assert!(text(&seen).contains("1 thủ tục mới, 0 phiên bản mới, 0 kết thúc"), "{seen:?}");
        assert_eq!(world.store.reference().unwrap().versions("1.999901").len(), 0);
        let done = import(&[]);
        assert_eq!(text(&done), text(&seen));
        assert_eq!(world.store.reference().unwrap().versions("1.999901").len(), 1);
        portal.expect_no_complaints();

        let version = world.store.reference().unwrap().version();
        portal.behave(Manners::Maintenance);
        let refused = import(&[]);
        assert!(!refused.status.success());
        let error = String::from_utf8(refused.stderr).unwrap();
        assert!(error.contains("cổng không trả lời LayDanhSachTTHC: đăng nhập cổng: HTTP 503"), "{error}");
        assert_eq!(world.store.reference().unwrap().version(), version);
        let unset = Program::on(db).failure(&["import", "portal-catalogue", "--fetch"]);
        assert!(unset.contains("portal.url"), "{unset}");
    }
}

on_both! {
    fn a_field_with_several_codes_gets_none_of_them(db: &Database) {
        let world = World::new(db.store());
        let folder = db.folder();
        let coded = |code: &str, field: &str| json!({
            "MATTHC": code, "LINHVUCTHUCHIEN": {"MALINHVUC": field, "TENLINHVUC": "Hộ tịch"},
        });
        let ours = ["1.000001", "1.000002"];
        let versions = ours.map(|code| json!({
            "code": code, "name": "Thử", "field": "Hộ tịch", "levels": ["commune"],
            "valid_from": "2020-01-01", "announced_on": "2020-01-01", "online_level": "full",
            "statutory_limit": {"unit": "working_day", "amount": 10}, "result": "Giấy",
        }));
        let file = serde_json::to_vec(&versions).unwrap();
        motcua::imports::procedures(&world.store, &file).unwrap();
        let mut list = list_of(&world, "2026-06-01");
        list.retain(|listed| !ours.contains(&listed["MATTHC"].as_str().unwrap()));
        list.extend([coded("1.000001", "G01"), coded("1.000002", "G02")]);
        write(folder, "list.json", &json!({"error_code": "0", "result": list}));
        let said = run(db, &import(folder, "2026-06-01", &[]));
        assert!(said.contains("lĩnh vực Hộ tịch có nhiều mã trên cổng, không ghi mã nào: G01, G02"), "{said}");
        let reference = world.store.reference().unwrap();
        assert!(reference.fields().values().all(|field| field.portal_code.is_none()));
    }
}

/// In the form of 2026, as the portal answers it.
fn answer_of_2026(code: &str, ways: Value, cases: Value) -> Value {
    json!({"id": "019f69fc", "code": code, "name": "Đăng ký khai sinh", "detail": {
        "code": code, "name": "Đăng ký khai sinh", "state": "ACTIVE",
        "categoriesDetails": [{"id": "1", "name": "Hộ tịch", "code": "G15-TP07"}],
        "isWard": true, "isProvince": false, "isMinistry": false, "isFullProcess": false,
        "isOfflineOnly": false, "isNonTerritorial": true,
        "executionMethods": ways, "cases": cases,
        "executionCases": [{"name": "", "profileComponents": [
            {"name": "Tờ khai", "originalQty": 1, "copyQty": 0, "required": true},
            {"name": "Lưu ý: …", "originalQty": 0, "copyQty": 0, "required": false},
        ]}],
        "resultsDetails": [{"name": "Giấy khai sinh", "code": "KQ.G15.000031"}],
        "legalBasisesDetails": [{"name": "Luật Hộ tịch", "code": "60/2014/QH13"}],
    }})
}

fn way(method: &str, time: Value, unit: &str, fees: Value) -> Value {
    json!({"submissionMethod": method, "processingTime": time, "processingTimeUnit": unit, "fees": fees})
}

on_both! {
    fn answers_of_2026_come_in_without_inventing_anything(db: &Database) {
        let world = World::new(db.store());
        let folder = db.folder();
        let council = json!([{"type": "SERVICE_FEE", "value": 0, "currencyId": "", "description": "Hội đồng nhân dân cấp tỉnh quy định"}]);
        let free = json!([{"type": "FEE", "value": 0, "currencyId": "VND", "description": "Không có."}]);
        let fee = |vnd: u64| json!([{"type": "FEE", "value": vnd, "currencyId": "VND", "description": ""}]);
        let case = |code: &str, qty: u64, unit: &str| json!({"code": code, "name": "Trường hợp", "processingDay": {"qty": qty, "type": unit}, "profileComponents": []});
        let list = list_of(&world, "2026-06-01").into_iter().chain([
            answer_of_2026("1.999901", json!([way("DIRECT", json!(1), "OTHER", council.clone())]), json!([
                case("1.999901.02", 1, "WORKING_DAY"), case("1.999901.01", 1, "WORKING_DAY"),
            ])),
            answer_of_2026("1.999902", json!([
                way("DIRECT", json!("7.5"), "WORKING_DAY", fee(20_000)),
                way("ONLINE", json!(7.5), "WORKING_DAY", fee(10_000)),
                way("POSTAL", json!(1), "MONTH", fee(20_000)),
            ]), json!([case("1.999902.01", 2, "WORKING_DAY"), case("1.011.459.01", 5, "DAY")])),
            answer_of_2026("1.999903", json!([way("DIRECT", json!("Không quá 15 ngày kể từ ngày nhận đủ hồ sơ"), "OTHER", free)]), json!([])),
            answer_of_2026("1.999904", json!([
                way("DIRECT", json!(2), "WORKING_DAY", fee(700)), way("DIRECT", json!(3), "WORKING_DAY", fee(150_000)),
            ]), json!([])),
            answer_of_2026("2.009182739", json!([]), json!([])),
        ]);
        let mut list: Vec<Value> = list.collect();
        let mut ministry = answer_of_2026("1.999905", json!([way("DIRECT", json!(5), "DAY", json!([]))]), json!([]));
        ministry["detail"]["isWard"] = json!(false);
        list.push(ministry);
        write(folder, "list.json", &json!(list));
        let seen = run(db, &import(folder, "2026-06-01", &[]));
        for line in [
            "4 thủ tục mới, 0 phiên bản mới, 0 kết thúc",
            "không đưa vào: '2.009182739' có 9 chữ số",
            "1.999905 không đưa vào: không thực hiện ở cấp tỉnh, cấp xã",
            "1.999901: không rõ mức lệ phí: 'Hội đồng nhân dân cấp tỉnh quy định'",
            "1.999902: bỏ trường hợp '1.011.459.01'",
            "1.999903: không rõ thời hạn: 'Không quá 15 ngày",
            "1.999904: nhiều thời hạn cho cùng một hình thức nộp",
        ] {
            assert!(seen.contains(line), "{line}: {seen}");
        }
        let reference = world.store.reference().unwrap();
        let shown = |code: &str| {
            let procedure = reference.procedure_in_force(code, date("2026-06-01")).unwrap();
            serde_json::to_value(&procedure.definition).unwrap()
        };
        // Both cases say one day, so that is the procedure's.
        let birth = shown("1.999901");
        assert_eq!(birth["statutory_limit"], json!({"unit": "working_day", "amount": 1}));
        assert_eq!(birth["fees"][0]["amount_vnd"], Value::Null);
        assert_eq!((&birth["cases"][0]["code"], &birth["received_elsewhere"]), (&json!("01"), &json!(true)));
        assert_eq!(birth["checklist"].as_array().unwrap().len(), 1, "a remark is no paper");
        assert_eq!(birth["online_level"], "partial");
        let ways = shown("1.999902");
        assert_eq!(ways["statutory_limit"], json!({"unit": "working_day", "amount": 7.5}));
        assert_eq!(ways["limits_by_channel"]["postal"], json!({"unit": "month", "amount": 1}));
        assert_eq!(ways["limits_by_channel"]["online"], Value::Null, "the same as at the desk");
        let fees = ways["fees"].as_array().unwrap().iter();
        let fees: Vec<_> = fees.map(|fee| (fee["channel"].as_str().unwrap(), fee["amount_vnd"].as_u64().unwrap())).collect();
        assert_eq!(fees, [("direct", 20_000), ("online", 10_000), ("postal", 20_000)]);
        assert_eq!(ways["cases"].as_array().unwrap().len(), 1);
        let text = shown("1.999903");
        assert_eq!((&text["statutory_limit"]["unit"], &text["fees"]), (&json!("none"), &json!([])));
        let several = shown("1.999904");
        assert_eq!(several["statutory_limit"]["unit"], "none");
        assert_eq!(several["fees"][0]["amount_vnd"], Value::Null);
        let again = run(db, &import(folder, "2026-07-01", &[]));
        assert!(again.contains("0 thủ tục mới, 0 phiên bản mới, 0 kết thúc"), "{again}");
    }
}
