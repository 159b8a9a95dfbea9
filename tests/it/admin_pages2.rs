//! The pages of administrators: procedures in their versions, and what becomes of a unit whose work goes to others.

use std::time::{Duration, Instant};

use chrono::Days;
use serde_json::{Value, json};

use crate::support::{
    Browser, COMMUNE, Database, FOREIGN, Kind, NEIGHBOUR, Office, SAME_DAY, Visitor, fields, find,
    get, held, hire, is_page, look, of_form, on_both,
};
use motcua::domain::role::Role;

/// The version in the form of a page.
#[track_caller]
fn in_form(page: &str) -> Value {
    let (_, rest) = page
        .split_once("name=\"definition\"")
        .unwrap_or_else(|| panic!("no version in {page}"));
    let (_, rest) = rest.split_once('>').unwrap();
    let (text, _) = rest.split_once("</textarea>").unwrap();
    let text = text
        .replace("&#34;", "\"")
        .replace("&#39;", "'")
        .replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&#38;", "&");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

on_both! {
    fn a_version_is_put_in_field_by_field(db: &Database) {
        let mut office = Office::open(db);
        let token = office.token(Role::Administrator, "H37");
        let administrator = Visitor::log_in(&office, "h37.administrator");
        let path = format!("/quan-tri/thu-tuc/{SAME_DAY}");
        let form = format!("{path}/bieu-mau");
        assert!(administrator.get(&path).expect(200).body.contains(&format!("href=\"{form}\"")));
        let asked = administrator.get(&form);
        is_page(&asked, 200);
        let sent = of_form(&asked.body);
        let with = |all: &[(String, String)], changes: &[(&str, &str)]| {
            let mut all = all.to_vec();
            for (name, value) in changes {
                let known = all.iter_mut().find(|(known, _)| known == name);
                known.unwrap_or_else(|| panic!("no {name}")).1 = (*value).to_owned();
            }
            all
        };
        let post = |all: &[(String, String)], step: &str, seen: &str| {
            let mut all = with(all, &[("seen", seen)]);
            all.push(("step".to_owned(), step.to_owned()));
            let all: Vec<(&str, &str)> = all.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            administrator.post(&form, &all)
        };
        let versions = || get(&office, &token, &format!("/api/v1/procedures/{SAME_DAY}")).as_array().unwrap().clone();
        let before = versions().remove(0);
        let (papers, steps) = (before["checklist"].as_array().unwrap().len(), before["workflow"].as_array().unwrap().len());
        // As it is, nothing is another but its days.
        let shown = post(&sent, "preview", "");
        is_page(&shown, 200);
        let (_, changes) = shown.body.split_once("Những gì khác với phiên bản trước").unwrap();
        let (changes, _) = changes.split_once("</table>").unwrap();
        assert_eq!(changes.matches("<th scope=\"row\"").count(), 2, "{changes}");
        assert!(changes.contains("Hiệu lực") && changes.contains("Công bố"), "{changes}");
        // What is wrong is said beside its field.
        let (new_paper, new_step) = (format!("checklist/{papers}/name"), format!("workflow/{steps}/name"));
        let no_hours = format!("workflow/{steps}/hours");
        let wrong = with(&sent, &[("statutory_limit/unit", "working_day"), ("statutory_limit/amount", "hai"), (&new_step, "Soát lại"), (&no_hours, "")]);
        let refused = post(&wrong, "preview", "");
        is_page(&refused, 400);
        for place in ["statutory_limit/amount", no_hours.as_str()] {
            assert!(refused.body.contains(&format!("href=\"#{place}\"")), "{place}: {}", refused.body);
        }
        assert!(refused.body.contains("value=\"Soát lại\""), "{}", refused.body);
        // A paper more, a fee by another measure, another limit.
        let right = with(&sent, &[
            (&new_paper, "Ảnh chân dung"), (&format!("checklist/{papers}/originals"), "2"),
            ("fees/0/amount_vnd", "3.000"), ("statutory_limit/unit", "working_day"), ("statutory_limit/amount", "2,5"),
            ("legal_basis", "Nghị định 1\n\nNghị định 2"),
        ]);
        let shown = post(&right, "preview", "");
        is_page(&shown, 200);
        for part in ["Ảnh chân dung", "3.000", "Nghị định 2"] {
            assert!(shown.body.contains(part), "{part}: {}", shown.body);
        }
        let done = administrator.follow(post(&right, "confirm", &held(&shown.body, "seen")));
        assert!(done.body.contains("Đã ghi phiên bản"), "{}", done.body);
        let all = versions();
        let new = all.iter().find(|one| one["statutory_limit"]["amount"] == json!(2.5)).unwrap();
        assert_eq!(new["checklist"][papers]["originals"], 2);
        assert_eq!((&new["fees"][0]["amount_vnd"], &new["fees"][0]["per"]), (&json!(3000), &before["fees"][0]["per"]));
        assert_eq!(new["legal_basis"], json!(["Nghị định 1", "Nghị định 2"]));
        assert_eq!((&new["workflow"], &new["cases"]), (&before["workflow"], &before["cases"]));
        // A row whose name is taken away is gone.
        let day = new["valid_from"].as_str().unwrap().to_owned();
        let asked = of_form(&administrator.get(&format!("{form}?tu={day}")).expect(200).body);
        let less = with(&asked, &[("checklist/0/name", "")]);
        let shown = post(&less, "preview", "");
        administrator.follow(post(&less, "confirm", &held(&shown.body, "seen")));
        let all = versions();
        let new = all.iter().find(|one| one["valid_from"] == day.as_str()).unwrap();
        assert_eq!(new["checklist"].as_array().unwrap().len(), papers);
        assert_eq!(new["checklist"][papers - 1]["name"], "Ảnh chân dung");
        // A step between two others: what stands on no form goes with its step.
        let asked = of_form(&administrator.get(&format!("{form}?tu={day}")).expect(200).body);
        let order = format!("workflow/{steps}/order");
        let between = with(&asked, &[
            (&new_step, "Soát lại"), (&no_hours, "1"), (&order, "2"), (&format!("workflow/{steps}/place"), "parent"),
            ("valid_to", "2027-12-31"),
        ]);
        let shown = post(&between, "preview", "");
        administrator.follow(post(&between, "confirm", &held(&shown.body, "seen")));
        let all = versions();
        let new = all.iter().find(|one| one["valid_from"] == day.as_str()).unwrap();
        let mut expected = before["workflow"].as_array().unwrap().clone();
        let inserted = new["workflow"][1].clone();
        assert_eq!((&inserted["name"], &inserted["place"]), (&json!("Soát lại"), &json!("parent")));
        expected.insert(1, inserted);
        assert_eq!(new["workflow"], json!(expected));
        assert_eq!(new["valid_to"], "2027-12-31");
        // Other steps were not approved when these were; what a note says of further pages is what is charged; a new row
        // without a name is wrong, not forgotten.
        let asked = of_form(&administrator.get(&format!("{form}?tu={day}")).expect(200).body);
        let fees = new["fees"].as_array().unwrap().len();
        let nameless = with(&asked, &[(&format!("fees/{fees}/amount_vnd"), "8000"), (&format!("workflow/{}/hours", steps + 1), "8")]);
        let refused = post(&nameless, "preview", "");
        is_page(&refused, 400);
        for place in [format!("fees/{fees}/name"), format!("workflow/{}/name", steps + 1)] {
            assert!(refused.body.contains(&format!("href=\"#{place}\"")), "{place}: {}", refused.body);
        }
        let note = "từ trang thứ ba 1.500 đồng/trang, tối đa 300.000 đồng/bản";
        let others = with(&asked, &[
            ("workflow_approved_on", "2026-05-04"), ("fees/0/note", note), ("fees/0/per", "trang"),
        ]);
        let shown = post(&others, "preview", "");
        assert!(shown.body.contains("từ trang thứ 3 của một bản thu 1.500 đồng"), "{}", shown.body);
        administrator.follow(post(&others, "confirm", &held(&shown.body, "seen")));
        let of_day = || versions().into_iter().find(|one| one["valid_from"] == day.as_str()).unwrap();
        let approved = of_day();
        assert_eq!(approved["fees"][0]["further"], json!({"from": 3, "amount_vnd": 1500, "most_vnd": 300_000}));
        assert_eq!(approved["workflow_approved_on"], "2026-05-04");
        let asked = of_form(&administrator.get(&format!("{form}?tu={day}")).expect(200).body);
        let renamed = with(&asked, &[("workflow/0/name", "Tiếp nhận, kiểm tra")]);
        let shown = post(&renamed, "preview", "");
        administrator.follow(post(&renamed, "confirm", &held(&shown.body, "seen")));
        assert_eq!(of_day()["workflow_approved_on"], Value::Null);
        // The text of that same version.
        let page = administrator.get(&format!("{form}?tu={day}")).expect(200).body;
        assert!(page.contains(&format!("/phien-ban?tu={day}")), "{page}");
        // A new one.
        let asked = administrator.get("/quan-tri/thu-tuc/them/bieu-mau");
        is_page(&asked, 200);
        // It says nothing that nobody has said.
        let blank = of_form(&asked.body);
        let invented = |name: &str| blank.iter().any(|(known, value)| known == name && !value.is_empty());
        assert!(!["field", "result", "statutory_limit/amount", "checklist/0/name", "workflow/0/name"].into_iter().any(invented), "{blank:?}");
        let new = with(&blank, &[
            ("code", "7.123456"), ("name", "Thủ tục vừa thêm"), ("field", "Hộ tịch"), ("result", "Giấy xác nhận"),
            ("statutory_limit/amount", "5"),
        ]);
        let new = [&new[..], &[("levels".to_owned(), "commune".to_owned())]].concat();
        let new: Vec<(&str, &str)> = new.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let shown = administrator.post("/quan-tri/thu-tuc/them/bieu-mau", &[&new[..], &[("step", "preview")]].concat());
        is_page(&shown, 200);
        assert!(shown.body.contains("Thủ tục mới 7.123456"), "{}", shown.body);
    }
}

on_both! {
    fn a_version_is_put_in_after_it_was_seen_what_it_changes(db: &Database) {
        let mut office = Office::open(db);
        let token = office.token(Role::Administrator, "H37");
        let administrator = Visitor::log_in(&office, "h37.administrator");
        // Found as it is typed.
        let found = administrator.get("/quan-tri/thu-tuc?q=chung+thuc+ban+sao");
        is_page(&found, 200);
        assert!(found.body.contains(&format!("href=\"/quan-tri/thu-tuc/{SAME_DAY}\"")), "{}", found.body);
        let none = administrator.get("/quan-tri/thu-tuc?q=khong+co+dau").expect(200).body;
        assert!(none.contains("Không có thủ tục nào như vậy"), "{none}");
        let path = format!("/quan-tri/thu-tuc/{SAME_DAY}");
        let told = administrator.get(&path);
        is_page(&told, 200);
        for expected in ["Đang áp dụng", "Theo quy định: trong ngày", "Các bước xử lý", "2. ", "giờ làm việc", "Thành phần hồ sơ", "bản chính", "Phí, lệ phí"] {
            assert!(told.body.contains(expected), "{expected} in {}", told.body);
        }
        // What is there, from tomorrow on: nothing is lost by putting it back.
        let form = format!("{path}/phien-ban");
        let asked = administrator.get(&form);
        is_page(&asked, 200);
        let mut version = in_form(&asked.body);
        let first_day = version["valid_from"].as_str().unwrap().to_owned();
        assert!(first_day > motcua::clock::now().date().to_string(), "{first_day}");
        let step = version["workflow"][1]["name"].as_str().unwrap().to_owned();
        let hours = version["workflow"][1]["hours"].as_u64().unwrap();
        version["workflow"][1]["hours"] = json!(hours + 7);
        let versions = || get(&office, &token, &format!("/api/v1/procedures/{SAME_DAY}")).as_array().unwrap().clone();
        let post = |version: &Value, step: &str, seen: &str, reason: &str| {
            administrator.post(&form, &[
                ("definition", &serde_json::to_string_pretty(version).unwrap()), ("backdating_reason", reason),
                ("seen", seen), ("step", step),
            ])
        };
        let shown = post(&version, "preview", "", "");
        is_page(&shown, 200);
        for expected in [
            "Chưa ghi".to_owned(), "Phiên bản mới, áp dụng từ".to_owned(), "kết thúc sau ngày".to_owned(),
            format!("{step}: "), format!("{hours} giờ làm việc"), format!("{} giờ làm việc", hours + 7),
            "nhiều hơn thời hạn giải quyết (tối đa 8 giờ làm việc)".to_owned(),
        ] {
            assert!(shown.body.contains(&expected), "{expected} in {}", shown.body);
        }
        assert_eq!(versions().len(), 1, "a preview changes nothing");
        // Only what was seen is done: not before, and not if it is something else by now.
        let seen = held(&shown.body, "seen");
        let unseen = post(&version, "confirm", "", "");
        is_page(&unseen, 200);
        assert!(unseen.body.contains("đã khác lần xem trước"), "{}", unseen.body);
        version["result"] = json!("Bản sao khác");
        let other = post(&version, "confirm", &seen, "");
        assert!(other.body.contains("đã khác lần xem trước") && other.body.contains("Bản sao khác"), "{}", other.body);
        assert_eq!(versions().len(), 1);
        let done = administrator.follow(post(&version, "confirm", &held(&other.body, "seen"), ""));
        assert!(done.body.contains("Đã ghi phiên bản") && done.body.contains("Sắp áp dụng"), "{}", done.body);
        let all = versions();
        assert_eq!(all.len(), 2);
        let new = all.iter().find(|one| one["valid_from"] == first_day.as_str()).unwrap();
        assert_eq!((&new["workflow"][1]["hours"], &new["result"]), (&json!(hours + 7), &json!("Bản sao khác")));
        let again = post(&version, "confirm", &held(&other.body, "seen"), "");
        assert!(again.body.contains("không có gì để ghi"), "{}", again.body);
        assert_eq!(db.value("select count(*) from admin_acts where kind = 'procedure_put'"), "1");

        // It is not in force yet: put right, and taken back.
        let mut own = in_form(&administrator.get(&format!("{form}?tu={first_day}")).body);
        assert_eq!(own["valid_from"], first_day.as_str());
        own["name"] = json!("Tên đã sửa");
        let shown = post(&own, "preview", "", "");
        assert!(shown.body.contains("Sửa phiên bản") && shown.body.contains("Tên đã sửa"), "{}", shown.body);
        administrator.follow(post(&own, "confirm", &held(&shown.body, "seen"), ""));
        assert!(versions().iter().any(|one| one["name"] == "Tên đã sửa"));
        let withdraw = |day: &str| administrator.post(&format!("{path}/rut-lai"), &[("tu", day)]);
        let in_force = versions()[0]["valid_from"].as_str().unwrap().to_owned();
        let refused = withdraw(&in_force);
        is_page(&refused, 409);
        assert!(refused.body.contains("<title>Lỗi:"), "{}", refused.body);
        is_page(&withdraw("2019-01-01"), 404);
        let gone = administrator.follow(withdraw(&first_day));
        assert!(gone.body.contains("Đã rút lại phiên bản"), "{}", gone.body);
        assert_eq!(versions().len(), 1);
        assert_eq!(versions()[0]["valid_to"], Value::Null, "the one before goes on");

        // What is wrong is said by its place in the version, and what was typed stays.
        let wrong = |version: &Value, reason: &str, says: &str| {
            let answer = post(version, "preview", "", reason);
            is_page(&answer, 400);
            assert!(answer.body.contains("href=\"#definition\"") && answer.body.contains(says), "{says} in {}", answer.body);
        };
        let mut bad = own.clone();
        bad["workflow"][1]["hours"] = json!(0);
        bad["levels"] = json!(["village"]);
        wrong(&bad, "", "workflow › 1 › hours");
        wrong(&bad, "", "levels › 0");
        let mut bad = own.clone();
        bad["code"] = json!("1.000001");
        wrong(&bad, "", "khác với mã thủ tục trong địa chỉ");
        let mut past = own.clone();
        past["valid_from"] = json!("2026-01-05");
        wrong(&past, "", "ghi lùi");
        is_page(&post(&past, "preview", "", "Quyết định đến muộn"), 200);
        let broken = administrator.post(&form, &[("definition", "{\"code\": "), ("step", "preview")]);
        is_page(&broken, 400);
        assert!(broken.body.contains("{&#34;code&#34;: "), "{}", broken.body);

        // A new one begins with an example.
        let mut new = in_form(&administrator.get("/quan-tri/thu-tuc/them").expect(200).body);
        new["name"] = json!("Thủ tục vừa thêm");
        new["code"] = json!(SAME_DAY);
        let known = new.to_string();
        let refused = administrator.post("/quan-tri/thu-tuc/them", &[("definition", &known), ("step", "preview")]);
        is_page(&refused, 400);
        assert!(refused.body.contains("đã có thủ tục này"), "{}", refused.body);
        new["code"] = json!("7.123456");
        let text = new.to_string();
        let shown = administrator.post("/quan-tri/thu-tuc/them", &[("definition", &text), ("step", "preview")]);
        assert!(shown.body.contains("Thủ tục mới 7.123456"), "{}", shown.body);
        let seen = held(&shown.body, "seen");
        let made = administrator.post("/quan-tri/thu-tuc/them", &[("definition", &text), ("seen", &seen), ("step", "confirm")]);
        assert!(administrator.follow(made).body.contains("Thủ tục vừa thêm"));
        is_page(&administrator.get("/quan-tri/thu-tuc/8.888888"), 404);

        // Whose it is not: an administrator of a part looks and does nothing.
        let part = Visitor::hire(&office, Role::Administrator, COMMUNE);
        is_page(&part.get(&path), 200);
        let own = serde_json::to_string(&own).unwrap();
        is_page(&part.post(&form, &[("definition", &own), ("step", "preview")]), 403);
        let supervisor = Visitor::hire(&office, Role::Supervisor, "H37");
        for page in ["/quan-tri/thu-tuc", path.as_str(), form.as_str()] {
            is_page(&supervisor.get(page), 403);
        }
    }
}

on_both! {
    fn what_moves_with_a_unit_is_shown_before_it_does(db: &Database) {
        let mut office = Office::open(db);
        let dossier = office.receive(COMMUNE, SAME_DAY);
        let number = dossier["case_number"].as_str().unwrap().to_owned();
        let token = office.token(Role::Administrator, "H37");
        let leader = office.token(Role::Supervisor, "H37");
        let administrator = Visitor::log_in(&office, "h37.administrator");
        let today = motcua::clock::now().date();
        let tomorrow = (today + Days::new(1)).to_string();
        let unit = |code: &str| office.call("GET", format!("/api/v1/units/{code}")).send().expect(200).json();
        let own = format!("/quan-tri/don-vi/{COMMUNE}");
        let page = administrator.get(&own).expect(200).body;
        let path = format!("{own}/ke-thua");
        assert!(page.contains(&format!("href=\"{path}\"")) && page.contains(&format!("href=\"{own}/nhan-su\"")), "{page}");
        let asked = administrator.get(&path);
        is_page(&asked, 200);
        let tag = held(&asked.body, "tag");
        let post = |on: &str, to: &str, seen: &str, step: &str| {
            administrator.post(&path, &[
                ("on", on), ("successor", to), ("new_code", ""), ("new_name", ""), ("parts", ""), ("seen", seen),
                ("key", "k1"), ("tag", &tag), ("step", step),
            ])
        };
        for (on, to, field) in [("", "", "on"), ("", "", "successor"), (&tomorrow, "H99", "successor"), (&tomorrow, COMMUNE, "successor"), ("2017-01-01", NEIGHBOUR, "on")] {
            let wrong = post(on, to, "", "preview");
            is_page(&wrong, 400);
            assert!(wrong.body.contains(&format!("href=\"#{field}\"")), "{field}: {}", wrong.body);
        }
        let shown = post(&today.to_string(), NEIGHBOUR, "", "preview");
        is_page(&shown, 200);
        for expected in ["Chưa ghi", "1 hồ sơ chưa giải quyết xong và 0 kết quả chưa trả", "ngay sau khi ghi", "đang chờ gửi", "1 người đang làm việc", NEIGHBOUR] {
            assert!(shown.body.contains(expected), "{expected} in {}", shown.body);
        }
        let later = post(&tomorrow, NEIGHBOUR, "", "preview").body;
        assert!(later.contains("vào ngày đó"), "{later}");
        // Nothing has changed, nor does what was not seen.
        let unseen = post(&today.to_string(), NEIGHBOUR, &held(&later, "seen"), "confirm");
        is_page(&unseen, 200);
        assert_eq!(unit(COMMUNE)["valid_to"], Value::Null);
        let seen = held(&shown.body, "seen");
        let done = administrator.follow(post(&today.to_string(), NEIGHBOUR, &seen, "confirm"));
        assert!(done.body.contains("Đã ghi kế thừa"), "{}", done.body);
        let ended = unit(COMMUNE);
        assert_eq!((&ended["valid_to"], &ended["successor"]), (&json!(today.pred_opt().unwrap()), &json!(NEIGHBOUR)));
        let until = Instant::now() + Duration::from_mins(2);
        let whose = || get(&office, &leader, &format!("/api/v1/dossiers/{number}"))["unit"]["code"].clone();
        while whose() != NEIGHBOUR {
            assert!(Instant::now() < until, "nothing moves");
            std::thread::sleep(Duration::from_millis(50));
        }
        // A form from before is told so.
        is_page(&post(&today.to_string(), NEIGHBOUR, &seen, "confirm"), 412);
        // Papers say who took it in, and the control sheet that it went on.
        let heir = Visitor::log_in(&office, "h37.supervisor");
        let name = |code: &str| unit(code)["name"].as_str().unwrap().to_owned();
        let (was, is) = (name(COMMUNE), name(NEIGHBOUR));
        let text = |paper: &str| heir.get(&format!("/ho-so/{number}{paper}")).expect(200).body;
        assert!(text("").contains(&format!("{was} (nay là {is})")), "{}", text(""));
        let receipt = text("/giay-tiep-nhan");
        assert!(receipt.contains(&format!("<p>{was}<br>")) && receipt.contains(&format!("Tại {is}")), "{receipt}");
        let sheet = text("/phieu-kiem-soat");
        let lines = [format!("{was} – "), format!("{is} – ")].map(|to| format!("<td data-name=\"Nhận\">{to}"));
        let places = lines.map(|line| sheet.find(&line).unwrap_or_else(|| panic!("{line}: {sheet}")));
        assert!(places[0] < places[1], "{sheet}");
        assert!(sheet.contains("sắp xếp lại cơ quan"), "{sheet}");

        // Its people go where they are sent, after it was seen what they leave.
        let path = format!("{own}/nhan-su");
        let staff = administrator.get(&path);
        is_page(&staff, 200);
        assert!(staff.body.contains("value=\"h37.20.01.clerk\"") && held(&staff.body, "to") == NEIGHBOUR, "{}", staff.body);
        let send = |to: &str, seen: &str, step: &str| administrator.post(&path, &[("to", to), ("seen", seen), ("step", step)]);
        is_page(&send("H99", "", "preview"), 400);
        let shown = send(NEIGHBOUR, "", "preview");
        assert!(shown.body.contains("1 người sẽ chuyển") && shown.body.contains("đang giữ 0 hồ sơ"), "{}", shown.body);
        let of = |username: &str| get(&office, &token, &format!("/api/v1/users/{username}"))["unit"]["code"].clone();
        assert_eq!(of("h37.20.01.clerk"), COMMUNE);
        let done = administrator.follow(send(NEIGHBOUR, &held(&shown.body, "seen"), "confirm"));
        assert!(done.body.contains("Đã chuyển nhân sự"), "{}", done.body);
        assert_eq!(of("h37.20.01.clerk"), NEIGHBOUR);
        assert!(send(NEIGHBOUR, "", "preview").body.contains("Không có ai để chuyển"));

        // One that is divided, and goes on under a new code from tomorrow on.
        let (parent, _) = FOREIGN.rsplit_once('.').unwrap();
        let (code, path) = (format!("{parent}.98"), format!("/quan-tri/don-vi/{FOREIGN}/ke-thua"));
        let tag = held(&administrator.get(&path).body, "tag");
        let divide = |by: &Visitor<'_>, new: &str, parts: &str, seen: &str, step: &str| by.post(&path, &[
            ("on", &tomorrow), ("successor", ""), ("new_code", new), ("new_name", "Ủy ban nhân dân xã Mới"),
            ("parts", parts), ("seen", seen), ("key", "k2"), ("tag", &tag), ("step", step),
        ]);
        assert!(divide(&administrator, &code, "H99", "", "preview").body.contains("href=\"#parts\""));
        let shown = divide(&administrator, &code, NEIGHBOUR, "", "preview");
        for expected in ["được lập mới", "Nhận một phần", NEIGHBOUR, &code] {
            assert!(shown.body.contains(expected), "{expected} in {}", shown.body);
        }
        let seen = held(&shown.body, "seen");
        administrator.follow(divide(&administrator, &code, NEIGHBOUR, &seen, "confirm"));
        let (old, new) = (unit(FOREIGN), unit(&code));
        assert_eq!((&old["successor"], &old["valid_to"]), (&json!(code), &json!(today)));
        assert_eq!((&new["name"], &new["valid_from"], &new["level"]), (&json!("Ủy ban nhân dân xã Mới"), &json!(tomorrow), &old["level"]));
        let shares = "select count(*) from unit_successions where share = ";
        assert_eq!(db.value(&format!("{shares}'part'")), "1");
        assert_eq!(db.value(&format!("{shares}'default'")), "1");
        // Over HTTP the same, and not without who takes the rest.
        let call = office.call("PATCH", format!("/api/v1/units/{NEIGHBOUR}")).token(&token).header("If-Match", "*");
        let wrong = call.body(json!({"valid_to": tomorrow, "parts": ["H37.20.03"]})).send();
        assert_eq!(fields(&wrong.problem(400, "invalid-request")), ["/parts"]);
        // Whose it is not.
        let part = Visitor::hire(&office, Role::Administrator, NEIGHBOUR);
        is_page(&divide(&part, "H37.20.97", "", "", "preview"), 403);
        is_page(&part.get(&format!("/quan-tri/don-vi/{FOREIGN}/nhan-su")), 403);
        let supervisor = Visitor::log_in(&office, "h37.supervisor");
        is_page(&supervisor.get(&path), 403);
        assert_eq!(motcua::tools::verify::verify(&office.world.store, 10).unwrap().findings, []);
    }
}

#[test]
fn they_fit_a_desk_and_a_telephone() {
    let db = Database::new(Kind::Sqlite);
    let mut office = Office::for_browsers(&db);
    office.receive(COMMUNE, SAME_DAY);
    let username = hire(&office.world, Role::Administrator, "H37");
    let browser = Browser::start();
    let url = office.server.url().to_owned();
    let tomorrow = motcua::clock::now().date() + Days::new(1);
    actix_web::rt::System::new().block_on(async {
        let client = browser.enter(&url, &username).await;
        let procedure = format!("quan-tri/thu-tuc/{SAME_DAY}");
        let version = format!("{procedure}/phien-ban");
        let heir = format!("quan-tri/don-vi/{COMMUNE}/ke-thua");
        let staff = format!("quan-tri/don-vi/{COMMUNE}/nhan-su");
        let unit = format!("quan-tri/don-vi/{COMMUNE}");
        for (path, name) in [
            ("quan-tri/thu-tuc?q=chung+thuc", "procedures"),
            ("quan-tri/thu-tuc?q=zzzz", "procedures-none"),
            (&procedure, "procedure"),
            (&version, "version"),
            (&format!("{procedure}/bieu-mau"), "version-form"),
            (&heir, "succession"),
            (&staff, "staff"),
            (&unit, "unit"),
        ] {
            client.goto(&format!("{url}/{path}")).await.unwrap();
            look(&client, &format!("admin2-{name}")).await;
        }
        // What a version changes, and what moves with a unit, as they are shown.
        client.goto(&format!("{url}/{version}")).await.unwrap();
        let script = "const field = document.getElementById('definition');
            field.value = field.value.replace('\"required\": true', '\"required\": false');";
        client.execute(script, Vec::new()).await.unwrap();
        let preview = "button[value='preview']";
        find(&client, preview).await.click().await.unwrap();
        find(&client, "button[value='confirm']").await;
        look(&client, "admin2-version-preview").await;
        find(&client, "button[value='confirm']")
            .await
            .click()
            .await
            .unwrap();
        find(&client, ".done").await;
        look(&client, "admin2-version-done").await;
        client.goto(&format!("{url}/{heir}")).await.unwrap();
        let script = format!("document.getElementById('on').value = '{tomorrow}'");
        client.execute(&script, Vec::new()).await.unwrap();
        let to = find(&client, "#successor").await;
        to.send_keys(NEIGHBOUR).await.unwrap();
        find(&client, preview).await.click().await.unwrap();
        find(&client, "button[value='confirm']").await;
        look(&client, "admin2-succession-preview").await;
        client.close().await.unwrap();
    });
}

on_both! {
    fn an_end_that_has_not_come_is_taken_back_with_its_succession(db: &Database) {
        let mut office = Office::for_browsers(db);
        let token = office.token(Role::Administrator, "H37");
        let administrator = Visitor::log_in(&office, "h37.administrator");
        let last = motcua::clock::now().date() + Days::new(10);
        let end = json!({"valid_to": last, "successor": NEIGHBOUR});
        let call = office.call("PATCH", format!("/api/v1/units/{COMMUNE}")).token(&token);
        assert!(call.header("If-Match", "*").body(end).send().status < 300);
        let path = format!("/quan-tri/don-vi/{COMMUNE}");
        let page = administrator.get(&path).expect(200).body;
        assert_eq!(held(&page, "successor"), NEIGHBOUR);
        let kept = ["name", "parent", "address", "phone", "tag"].map(|name| (name, held(&page, name)));
        let mut form: Vec<_> = kept.iter().map(|(name, value)| (*name, value.as_str())).collect();
        form.extend([("mountain", "false"), ("valid_to", ""), ("successor", "")]);
        administrator.post(&path, &form).expect(303);
        let unit = office.call("GET", format!("/api/v1/units/{COMMUNE}")).send().expect(200).json();
        assert_eq!((&unit["valid_to"], &unit["successor"]), (&Value::Null, &Value::Null));
        // What has come is not.
        let end = json!({"valid_to": "2026-01-01", "successor": NEIGHBOUR});
        let call = office.call("PATCH", format!("/api/v1/units/{COMMUNE}")).token(&token);
        assert!(call.header("If-Match", "*").body(end).send().status < 300);
        let page = administrator.get(&path).expect(200).body;
        let tag = held(&page, "tag");
        form.retain(|(name, _)| *name != "tag");
        form.push(("tag", &tag));
        let refused = administrator.post(&path, &form);
        is_page(&refused, 400);
        assert!(refused.body.contains("Đơn vị đã dừng hoạt động, hồ sơ đã chuyển"), "{}", refused.body);
        // Nor by half: its dossiers are elsewhere.
        for day in ["", "2027-12-31"] {
            form.retain(|(name, _)| !["valid_to", "successor"].contains(name));
            form.extend([("valid_to", day), ("successor", NEIGHBOUR)]);
            let refused = administrator.post(&path, &form);
            is_page(&refused, 400);
            assert!(refused.body.contains("không mở lại được"), "{}", refused.body);
        }
        let heir = administrator.get(&format!("{path}/ke-thua")).expect(200).body;
        assert!(heir.contains(&format!("{NEIGHBOUR} kế thừa")), "{heir}");
        let board = administrator.get(&format!("/bang/{COMMUNE}")).expect(200).body;
        assert!(board.contains("đã dừng hoạt động"), "{board}");
    }
}

on_both! {
    fn other_hours_of_a_unit_are_asked_about_before_they_move_appointments(db: &Database) {
        let mut office = Office::for_browsers(db);
        let dossier = office.receive(COMMUNE, "1.004884");
        let administrator = Visitor::hire(&office, Role::Administrator, "H37");
        let path = format!("/quan-tri/don-vi/{COMMUNE}");
        let page = administrator.get(&path).expect(200).body;
        let kept = ["name", "parent", "address", "phone", "tag"].map(|name| (name, held(&page, name)));
        let mut form: Vec<_> = kept.iter().map(|(name, value)| (*name, value.as_str())).collect();
        form.extend([
            ("mountain", "false"), ("valid_to", ""), ("successor", ""), ("hours", "07:00-11:00, 13:00-16:30"), ("saturday", ""),
        ]);
        let asked = administrator.post(&path, &form);
        is_page(&asked, 400);
        let number = dossier["case_number"].as_str().unwrap();
        assert!(asked.body.contains("1 hồ sơ đang mở đổi hẹn trả") && asked.body.contains(number), "{}", asked.body);
        let unit = || office.call("GET", format!("/api/v1/units/{COMMUNE}")).send().expect(200).json();
        assert_eq!(unit()["office_hours"], Value::Null);
        form.push(("doi-hen", "1"));
        administrator.post(&path, &form).expect(303);
        assert_eq!(unit()["office_hours"]["weekday"][1]["close"], "16:30");
    }
}

on_both! {
    fn a_unit_that_has_not_begun_may_begin_on_another_day(db: &Database) {
        let mut office = Office::open(db);
        let token = office.token(Role::Administrator, "H37");
        let administrator = Visitor::log_in(&office, "h37.administrator");
        let day = |days: u64| (motcua::clock::now().date() + Days::new(days)).to_string();
        let new = json!({
            "code": "H37.20.77", "name": "Ủy ban nhân dân xã Thử", "level": "commune", "kind": "people_committee",
            "parent": "H37.20", "valid_from": day(20),
        });
        office.call("POST", "/api/v1/units").token(&token).body(new).send().expect(201);
        let path = "/quan-tri/don-vi/H37.20.77";
        let from = || get(&office, &token, "/api/v1/units/H37.20.77")["valid_from"].as_str().unwrap().to_owned();
        let send = |day: &str| {
            let mut fields = of_form(&administrator.get(path).expect(200).body);
            let known = fields.iter_mut().find(|(name, _)| name == "valid_from");
            known.expect("it has not begun").1 = day.to_owned();
            let fields: Vec<_> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
            administrator.post(path, &fields)
        };
        send(&day(3)).expect(303);
        assert_eq!(from(), day(3));
        let past = send("2026-01-01");
        is_page(&past, 400);
        assert!(past.body.contains("href=\"#valid_from\""), "{}", past.body);
        send(&day(0)).expect(303);
        assert_eq!(from(), day(0));
        // From now on it stays.
        let page = administrator.get(path).expect(200).body;
        assert!(!page.contains("name=\"valid_from\""), "{page}");
        let late = json!({"valid_from": day(9)});
        let late = office.call("PATCH", "/api/v1/units/H37.20.77").token(&token).header("If-Match", "*").body(late).send();
        assert_eq!(fields(&late.problem(400, "invalid-request")), ["/valid_from"]);
    }
}
