//! Who may come in, and what whoever may not is told. The table of routes is walked, so that a new page or route of the
//! API is held to the same without a line here.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::{
    Answer, COMMUNE, Database, FOREIGN, FORM, Kind, OURS, Office, Program, SAME_DAY, Visitor, get,
    is_page, on_both, password, path, staff,
};
use motcua::acts;
use motcua::domain::role::Role;
use motcua::web::{Access, Route, screens, table};

const BROWSER: (&str, &str) = (
    "Accept",
    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
);

/// Somebody whose name says nothing of their role, logged in.
fn enter<'a>(office: &'a Office, role: Role, unit: &str) -> (Visitor<'a>, String) {
    let names = ["an", "binh", "chi", "dung", "giang"];
    let place = Role::ALL.iter().position(|one| *one == role).unwrap();
    enter_as(office, names[place], role, unit)
}

fn enter_as<'a>(office: &'a Office, name: &str, role: Role, unit: &str) -> (Visitor<'a>, String) {
    let mut new = staff(role, unit);
    new.username = format!("{name}.{}", unit.to_lowercase());
    new.full_name = "Nông Thị Lan".to_owned();
    new.password = Some(password(&new.username));
    let username = new.username.clone();
    acts::staff::create(&office.world.store, new, None, None, motcua::clock::now()).unwrap();
    let begun = office.log_in(&username, &password(&username)).expect(201);
    let token = begun.json()["token"].as_str().unwrap().to_owned();
    (Visitor::log_in(office, &username), token)
}

/// A dossier that somebody has received whose name says nothing either.
fn received(office: &mut Office) -> (String, &Office) {
    let clerk = enter_as(office, "lan", Role::Clerk, COMMUNE).1;
    let body = office.new_dossier(COMMUNE, SAME_DAY);
    let call = office
        .call("POST", "/api/v1/dossiers")
        .token(&clerk)
        .body(body);
    let made = call.send().expect(201).json();
    (made["case_number"].as_str().unwrap().to_owned(), office)
}

/// The template's address with something in the place of each of its parameters.
fn filled(template: &str, value: &dyn Fn(&str) -> String) -> String {
    let mut path = template.to_owned();
    while let (Some(from), Some(to)) = (path.find('{'), path.find('}')) {
        let name = path[from + 1..to].to_owned();
        path.replace_range(from..=to, &value(&name));
    }
    path
}

/// What people read on a page: the text between its tags, and what a reader of the screen is told instead.
fn read_aloud(html: &str) -> String {
    let mut text = String::new();
    // What is to be copied is not read.
    let kept: Vec<_> = html.split("<code>").collect();
    let html: String = kept
        .iter()
        .enumerate()
        .map(|(i, part)| match (i, part.split_once("</code>")) {
            (0, _) | (_, None) => part,
            (_, Some((_, after))) => after,
        })
        .collect();
    for part in html.split('<').skip(1) {
        let (tag, after) = part.split_once('>').unwrap_or((part, ""));
        if let Some((_, label)) = tag.split_once("aria-label=\"") {
            text += label.split('"').next().unwrap();
            text.push('\n');
        }
        text += after;
        text.push(' ');
    }
    text
}

/// What no citizen and no clerk understands: names of the program, its database and its API, English.
fn technical(text: &str) -> Vec<String> {
    const WORDS: &[&str] = &[
        "error",
        "invalid",
        "missing",
        "unknown",
        "expected",
        "failed",
        "field",
        "null",
        "none",
        "panicked",
        "unwrap",
        "select",
        "insert",
        "update",
        "delete",
        "where",
        "string",
        "struct",
        "enum",
        "json",
        "utf-8",
        "http",
        "https",
        "sql",
        "sqlite",
        "postgres",
        "postgresql",
        "uuid",
        "token",
        "bearer",
        "cookie",
        "header",
        "body",
        "query",
        "request",
        "response",
        "internal",
        "forbidden",
        "unauthorized",
        "gateway",
        "timeout",
        "clerk",
        "officer",
        "supervisor",
        "administrator",
        "viewer",
        "true",
        "false",
        "motcua",
        "webhook",
        "problem",
        "cursor",
        "slug",
        "limit",
        "after",
        "parent",
        "successor",
        "accept",
        "if-match",
        "idempotency-key",
        "content-type",
    ];
    let mut found = Vec::new();
    for word in text.split(|c: char| c.is_whitespace() || "()\"“”,;<>=&".contains(c)) {
        let word = word.trim_matches(['.', ':', '!', '?', '\'', '*']);
        let letters =
            |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric());
        let pointer = word
            .strip_prefix('/')
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()));
        let snake = word
            .split_once('_')
            .is_some_and(|(a, b)| letters(a) && letters(b.split('_').next().unwrap_or_default()));
        if pointer || snake || word.contains("::") || WORDS.contains(&word.to_lowercase().as_str())
        {
            found.push(word.to_owned());
        }
    }
    found
}

#[test]
fn what_is_technical_is_known_when_it_is_seen() {
    for text in [
        "lỗi tại /applicant/name",
        "invalid type: null, expected a string",
        "vai trò clerk không được",
        "other_amount",
        "motcua::store::Error",
        "gửi lại kèm accept: duplicate_person",
    ] {
        assert!(!technical(text).is_empty(), "{text}");
    }
    let fine = "Phím / để tìm. Hồ sơ H37.20.01-210301-0001, hạn 17:00 ngày 14/09/2021; 12.500 đồng";
    assert_eq!(technical(fine), Vec::<String>::new());
    assert_eq!(
        read_aloud("<p aria-label=\"Ngày\">14 <b>tháng</b></p>").trim(),
        "Ngày\n14  tháng"
    );
}

/// Whether a page is for citizens.
fn is_for_citizens(path: &str) -> bool {
    ["/tra-cuu", "/nop-ho-so", "/phan-anh", "/bang/"]
        .iter()
        .any(|place| path.starts_with(place))
}

/// A page for people has the headers of one, no technical word, and where it says no a way on.
fn judge(name: &str, path: &str, answer: &Answer, wrong: &mut BTreeMap<String, String>) {
    let mut say = |what: String| {
        wrong
            .entry(format!("{what} – {name}"))
            .or_insert_with(|| answer.body.clone());
    };
    let outside = path.starts_with("/dang-nhap/dinh-danh");
    if answer.status >= 500 && !(outside && [501, 502].contains(&answer.status)) {
        say(format!("{}", answer.status));
    }
    if answer.status < 400 && !answer.content_type.starts_with("text/html") {
        return;
    }
    if !answer.content_type.starts_with("text/html") {
        say(format!("{} is no page", answer.status));
        return;
    }
    if !answer
        .header("content-security-policy")
        .starts_with("default-src 'none'")
    {
        say("no policy".to_owned());
    }
    // A version of a procedure is put in as the catalogue's file has it, and says so.
    let of_a_file = path.starts_with("/quan-tri/thu-tuc/");
    let found = technical(&read_aloud(&answer.body));
    if !of_a_file && !found.is_empty() {
        say(format!("{} {found:?}", answer.status));
    }
    if answer.status >= 400 {
        let leads = |place: &str| answer.body.contains(&format!("href=\"{place}"));
        let on = match is_for_citizens(path) {
            true => leads("/tra-cuu") && !leads("/dang-nhap"),
            false => {
                leads("/ho-so") || leads("/quan-tri") || leads("/dang-nhap") || leads("/tai-khoan")
            }
        };
        if !on {
            say("no way on".to_owned());
        }
    }
}

/// What comes where a form was expected: of no form, of one with all wrong, of no text.
const NAMES: &[&str] = &[
    "a",
    "text",
    "list",
    "limit",
    "after",
    "unit",
    "procedure",
    "status",
    "channel",
    "received_from",
    "received_to",
    "due_from",
    "assignee",
    "mine",
    "reason",
    "step",
    "version",
    "tag",
    "key",
    "role",
    "username",
    "full_name",
    "email",
    "name",
    "valid_to",
    "parent",
    "date",
    "kind",
    "drop",
    "source",
    "document",
    "decision",
    "amount_vnd",
    "fees",
    "fee",
    "items",
    "method",
    "appointment_at",
    "applicant/name",
    "applicant/phone",
    "applicant/email",
    "applicant/identity_number",
    "at/moment",
    "note",
    "from",
    "to",
    "so",
    "ma",
    "muc",
    "y_kien",
    "tim",
    "thu_tuc",
    "don_vi",
    "tu",
    "den",
    "tinh_den",
    "theo",
    "dang",
    "ngay",
    "tiep",
    "nam",
    "code",
    "content",
    "case_number",
    "dossier",
    "what",
    "next",
    "state",
    "hands_to",
    "excess_vnd",
];

fn rubbish(value: &str) -> String {
    let pairs: Vec<_> = NAMES.iter().map(|name| (*name, value)).collect();
    serde_urlencoded::to_string(pairs).unwrap()
}

#[test]
fn every_page_that_says_no_says_it_in_words_and_leads_on() {
    let db = Database::new(Kind::Sqlite);
    let mut office = Office::open(&db);
    let (dossier, office) = received(&mut office);
    let staff: Vec<_> = Role::ALL
        .map(|role| (role, enter(office, role, COMMUNE).0))
        .into();
    let mut wrong = BTreeMap::new();
    let (mut seen, mut forms) = (0, vec![String::new(), "a=%FF".to_owned()]);
    forms.extend(["x", "-1", "ă😀"].map(rubbish));
    for Route {
        method,
        path: template,
        access,
        ..
    } in screens()
    {
        let known = |name: &str| match name {
            "dossier" => dossier.clone(),
            "unit" => COMMUNE.to_owned(),
            "year" => "2026".to_owned(),
            "username" => "an.h37.20.01".to_owned(),
            _ => "1".to_owned(),
        };
        let mut paths = vec![filled(&template, &known)];
        if template.contains('{') {
            for part in ["x", "%FF", "a%00b", "99999999999999999999", "%3Cb%3E"] {
                paths.push(filled(&template, &|_| part.to_owned()));
            }
        }
        let mut send = |who: &str, visitor: Option<&Visitor<'_>>, path: &str, form: &str| {
            let reads = method == "GET";
            let answer = match (visitor, reads) {
                (Some(visitor), true) => visitor.get(&format!("{path}?{form}")),
                (Some(visitor), false) => visitor.send(path, form),
                (None, true) => {
                    office
                        .server
                        .send("GET", &format!("{path}?{form}"), &[BROWSER], b"")
                }
                (None, false) => {
                    office
                        .server
                        .send("POST", path, &[FORM, OURS, BROWSER], form.as_bytes())
                }
            };
            let shown: String = form.chars().take(30).collect();
            judge(
                &format!("{method} {template} {path}?{shown} as {who}"),
                path,
                &answer,
                &mut wrong,
            );
            seen += 1;
            answer.status
        };
        for path in &paths {
            for form in &forms {
                let status = send("nobody", None, path, form);
                if matches!(access, Access::Staff(_)) {
                    // A form that comes without a session is answered with the log-in itself.
                    let log_in = [303, 401].contains(&status);
                    assert!(log_in, "{method} {template} asks for a log-in: {status}");
                }
            }
            let Access::Staff(permission) = access else {
                continue;
            };
            // Whoever logs out here is out for the rest.
            if template == "/dang-xuat" {
                continue;
            }
            for (role, visitor) in &staff {
                let may = permission.roles().contains(role);
                for form in &forms {
                    let status = send(role.as_str(), Some(visitor), path, form);
                    if !may {
                        assert_eq!(status, 403, "{method} {template} as {}", role.as_str());
                        break;
                    }
                }
            }
        }
        // What is no form, what is too much, what another site sends, and what no page takes.
        let path = &paths[0];
        let mut all = vec![("PUT", office.server.send("PUT", path, &[BROWSER], b""))];
        if method == "POST" {
            let json = ("Content-Type", "application/json");
            all.push((
                "JSON",
                office
                    .server
                    .send("POST", path, &[json, OURS, BROWSER], b"{}"),
            ));
            let long = vec![b'a'; 80 * 1024];
            all.push((
                "too long",
                office
                    .server
                    .send("POST", path, &[FORM, OURS, BROWSER], &long),
            ));
            let elsewhere = ("Origin", "https://elsewhere.example");
            let sent = office
                .server
                .send("POST", path, &[FORM, elsewhere, BROWSER], b"a=1");
            assert_eq!(sent.status, 403, "{template} from another site");
            all.push(("cross-site", sent));
        }
        for (what, answer) in all {
            judge(&format!("{what} {template}"), path, &answer, &mut wrong);
            seen += 1;
        }
    }
    assert!(seen > 1000, "{seen}");
    if let Ok(folder) = std::env::var("PAGES_SCREENSHOTS") {
        for (i, body) in wrong.values().enumerate() {
            std::fs::write(format!("{folder}/wrong-{i}.html"), body).unwrap();
        }
    }
    let wrong: Vec<_> = wrong.into_keys().collect();
    assert!(wrong.is_empty(), "{} of {seen}: {wrong:#?}", wrong.len());
}

#[test]
fn whoever_guesses_too_often_is_told_how_long_to_wait() {
    let db = Database::new(Kind::Sqlite);
    let toml = db.folder().join("limits.toml");
    std::fs::create_dir_all(db.folder()).unwrap();
    std::fs::write(
        &toml,
        "[limits]\nlook_up_address = { burst = 2, each_seconds = 600 }\n",
    )
    .unwrap();
    let program = Program::on(&db).with("MOTCUA_CONFIG", toml.to_str().unwrap());
    let office = Office::open_with(&db, program);
    let form = b"so=H37.20.01-210301-0001&ma=ABCDEFGHJK";
    let guess = || office.server.send("POST", "/tra-cuu", &[FORM, OURS], form);
    let tries: Vec<_> = (0..4).map(|_| guess()).collect();
    let last = &tries[3];
    assert_eq!(last.status, 429, "{}", last.body);
    assert!(last.body.contains("ngày"), "{}", last.body);
    assert!(!last.header("retry-after").is_empty());
}

#[test]
fn every_problem_of_the_api_is_vietnamese() {
    let db = Database::new(Kind::Sqlite);
    let mut office = Office::open(&db);
    let (dossier, office) = received(&mut office);
    let tokens: Vec<_> = Role::ALL.map(|role| enter(office, role, COMMUNE).1).into();
    let english = [
        "panicked",
        "::",
        "unwrap",
        "invalid",
        "expected",
        "missing",
        "unknown",
        "failed",
        "error",
        "select ",
        "sqlite",
        "postgres",
        "diesel",
        "serde",
        "not found",
        "bad request",
        "internal",
    ];
    let mut wrong = Vec::new();
    let mut hold = |name: &str, answer: &Answer| {
        let oidc = name.contains("oidc") && answer.status == 501;
        let money = name.contains("payments") || name.contains("transfer-code");
        let unset = answer.status == 501 && money;
        if answer.status >= 500 && !oidc && !unset {
            wrong.push(format!("{name}: {} {}", answer.status, answer.body));
        }
        if answer.status < 400 {
            return;
        }
        let Ok(problem) = serde_json::from_str::<Value>(&answer.body) else {
            wrong.push(format!("{name}: {} {}", answer.status, answer.body));
            return;
        };
        let errors = problem["errors"].as_array().into_iter().flatten();
        let said = errors
            .map(|error| &error["detail"])
            .chain([&problem["title"], &problem["detail"]]);
        for text in said {
            let text = text.as_str().unwrap_or_default().to_lowercase();
            // What was asked for, told back.
            let text = text
                .replace("/api/v1/", "")
                .replace("lỗi khác trong errors", "");
            if let Some(word) = english.iter().find(|word| text.contains(**word)) {
                wrong.push(format!("{name}: {word} in {text}"));
            }
        }
    };
    for route in table() {
        // Ends what the rest needs.
        if route.path == "/api/v1/sessions/current" || route.path.ends_with("/me/password") {
            continue;
        }
        let known = |name: &str| match name {
            "dossier" => dossier.clone(),
            "unit" => COMMUNE.to_owned(),
            _ => "x".to_owned(),
        };
        let paths = [
            filled(&route.path, &known),
            filled(&route.path, &|_| "%FF".to_owned()),
        ];
        for path in paths {
            let method = route.method.as_str();
            let reads = ["GET", "DELETE"].contains(&method);
            for body in [
                "",
                "{",
                "[]",
                "{\"x\": 1}",
                "{\"reason\": 7, \"items\": {}, \"unit\": null}",
            ] {
                let address = match reads {
                    true => format!(
                        "{path}?{}",
                        if body.is_empty() {
                            String::new()
                        } else {
                            rubbish("x")
                        }
                    ),
                    false => path.clone(),
                };
                let nobody: Option<&String> = None;
                for token in tokens.iter().map(Some).chain([nobody]) {
                    let call = office
                        .call(method, address.as_str())
                        .header("If-Match", "\"999\"");
                    let call = match token {
                        Some(token) => call.token(token),
                        None => call,
                    };
                    let call = match reads {
                        true => call,
                        false => call
                            .header("Content-Type", "application/json")
                            .raw(body.as_bytes()),
                    };
                    hold(&format!("{method} {address} {body}"), &call.send());
                }
                if reads && !body.is_empty() {
                    break;
                }
            }
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_page_has_its_policy_and_takes_no_form_of_others_and_the_api_takes_no_cookie() {
    let db = Database::new(Kind::Sqlite);
    let mut office = Office::open(&db);
    let dossier = office.receive(COMMUNE, SAME_DAY)["case_number"]
        .as_str()
        .unwrap()
        .to_owned();
    let office = &office;
    let staff: Vec<_> = Role::ALL
        .map(|role| (role, enter(office, role, COMMUNE).0))
        .into();
    let known = |name: &str| match name {
        "dossier" => dossier.clone(),
        "unit" => COMMUNE.to_owned(),
        "year" => "2026".to_owned(),
        "username" => "an.h37.20.01".to_owned(),
        _ => "1".to_owned(),
    };
    let before = db.value("select count(*) from dossier_events");
    for route in screens() {
        let path = filled(&route.path, &known);
        let name = format!("{} {}", route.method, route.path);
        if route.method == "GET" {
            let answers = staff.iter().map(|(_, visitor)| visitor.get(&path));
            let nobody = office.server.send("GET", &path, &[BROWSER], b"");
            for answer in answers.chain([nobody]) {
                // What a browser may load, keep, and tell others.
                assert_eq!(answer.header("x-content-type-options"), "nosniff", "{name}");
                if answer.content_type.starts_with("text/html") {
                    let policy = answer.header("content-security-policy");
                    for part in [
                        "default-src 'none'",
                        "frame-ancestors 'none'",
                        "form-action 'self'",
                        "base-uri 'none'",
                    ] {
                        assert!(policy.contains(part), "{name}: {policy}");
                    }
                    assert!(
                        !policy.contains("unsafe") && !policy.contains("http"),
                        "{name}: {policy}"
                    );
                    assert_eq!(answer.header("cache-control"), "no-store", "{name}");
                    for inline in [
                        "<script>",
                        "<style",
                        " style=",
                        " onclick=",
                        " onload=",
                        "javascript:",
                    ] {
                        assert!(!answer.body.contains(inline), "{name}: {inline}");
                    }
                }
                for (_, cookie) in answer
                    .headers
                    .iter()
                    .filter(|(name, _)| name == "set-cookie")
                {
                    assert!(
                        cookie.contains("HttpOnly") && cookie.contains("SameSite="),
                        "{name}: {cookie}"
                    );
                    assert!(
                        cookie.contains("Secure") && !cookie.contains("Domain"),
                        "{name}: {cookie}"
                    );
                }
            }
            continue;
        }
        // Whatever changes something is refused to other sites, whoever is logged in.
        for (_, visitor) in &staff {
            for header in [
                None,
                Some(("Sec-Fetch-Site", "cross-site")),
                Some(("Sec-Fetch-Site", "same-site")),
                Some(("Origin", "https://elsewhere.example")),
                Some(("Origin", "null")),
            ] {
                let mut headers = vec![FORM, ("Cookie", visitor.cookie())];
                headers.extend(header);
                let answer =
                    office
                        .server
                        .send(route.method.as_str(), &path, &headers, b"reason=x");
                assert_eq!(answer.status, 403, "{name} {header:?}");
                assert!(
                    answer.body.contains("từ một trang khác"),
                    "{name}: {}",
                    answer.body
                );
            }
        }
    }
    for route in table() {
        let path = filled(&route.path, &known);
        let name = format!("{} {}", route.method, route.path);
        for (_, visitor) in &staff {
            let headers = [
                ("Cookie", visitor.cookie()),
                OURS,
                ("If-Match", "*"),
                ("Content-Type", "application/json"),
            ];
            let body: &[u8] = if route.method == "GET" { b"" } else { b"{}" };
            let answer = office
                .server
                .send(route.method.as_str(), &path, &headers, body);
            let asks = matches!(route.access, Access::Staff(_));
            assert_eq!(
                asks,
                answer.status == 401 && answer.body.contains("unauthenticated"),
                "{name}: {}",
                answer.status
            );
            let set = answer
                .headers
                .iter()
                .any(|(name, cookie)| name == "set-cookie" && cookie.contains("__Host-motcua"));
            assert!(!set, "{name} sets the session of a page");
            if !asks {
                break;
            }
        }
    }
    assert_eq!(db.value("select count(*) from dossier_events"), before);
    // All of them are in still.
    for (role, visitor) in &staff {
        assert_eq!(visitor.get("/tai-khoan").status, 200, "{role:?}");
    }
}

/// What reads, though its method may change something; and what a viewer does to themselves.
const READS: &[&str] = &[
    "/api/v1/dossiers/search",
    "/api/v1/sessions/current",
    "/api/v1/sessions/{session}",
    "/api/v1/me/password",
    "/dang-xuat",
    "/tai-khoan",
    "/nhap",
    "/nhap/bo",
    "/ho-so/tim",
    "/ho-so/{dossier}/so-dinh-danh",
    // How lists are shown to oneself.
    "/ho-so/hien-thi",
    "/ho-so/danh-sach",
    "/ho-so/danh-sach/{list}/xoa",
    "/api/v1/saved-lists",
    "/api/v1/saved-lists/{list}",
];

#[test]
fn a_viewer_changes_nothing() {
    let db = Database::new(Kind::Sqlite);
    let mut office = Office::open(&db);
    let dossier = office.receive(COMMUNE, SAME_DAY)["case_number"]
        .as_str()
        .unwrap()
        .to_owned();
    let (visitor, token) = enter(&office, Role::Viewer, "H37");
    let office = &office;
    let known = |name: &str| match name {
        "dossier" => dossier.clone(),
        "unit" => COMMUNE.to_owned(),
        "year" => "2026".to_owned(),
        _ => "1".to_owned(),
    };
    let mut denied = 0;
    for route in table().into_iter().chain(screens()) {
        let changes = route.method != "GET" && !READS.contains(&route.path.as_str());
        if !changes || !matches!(route.access, Access::Staff(_)) {
            continue;
        }
        let path = filled(&route.path, &known);
        let name = format!("{} {path}", route.method);
        match path.starts_with("/api/") {
            true => {
                let call = office
                    .call(route.method.as_str(), path)
                    .token(&token)
                    .header("If-Match", "*");
                let answer = match route.method == "DELETE" {
                    true => call.send(),
                    false => call.body(json!({"reason": "x"})).send(),
                };
                assert_eq!(answer.status, 403, "{name}: {}", answer.body);
            }
            false => assert_eq!(visitor.send(&path, "reason=x").status, 403, "{name}"),
        }
        denied += 1;
    }
    assert!(denied > 70, "{denied}");
    // Nor does it keep what others keep.
    for path in ["/quan-tri", "/quan-tri/tai-khoan"] {
        is_page(&visitor.get(path), 403);
    }
}

on_both! {
    fn whatever_a_viewer_opens_is_on_record(db: &Database) {
        let mut office = Office::open(db);
        let dossier = office.receive(COMMUNE, SAME_DAY);
        let foreign = office.receive(FOREIGN, SAME_DAY);
        let clerk = office.token(Role::Clerk, COMMUNE);
        let administrator = office.token(Role::Administrator, "H37");
        let made = Program::on(db).pipe(
            &["user", "add", "--username", "giam.sat", "--full-name", "Lý Thị Sát", "--role", "viewer", "--unit", COMMUNE,
                "--password-stdin"],
            "một câu dài để nhớ\n".as_bytes(),
        );
        assert!(made.contains("viewer"), "{made}");
        let begun = office.log_in("giam.sat", "một câu dài để nhớ").expect(201).json();
        let token = begun["token"].as_str().unwrap();
        let opened = || db.value("select count(*) from identity_readings where what = 2");

        // Masked as for others, with nothing to do.
        let shown = get(&office, token, &path(&dossier));
        assert_eq!(shown["applicant"]["name"], "Nguyễn Thị Ánh");
        assert!(!shown.to_string().contains("020185000123"), "{shown}");
        assert_eq!(shown["allowed_actions"], json!([]));
        assert_eq!(opened(), "1");
        // Who has it already is told anew, and that is one more.
        let again = office.call("GET", path(&dossier)).token(token).header("If-None-Match", "\"1\"");
        again.send().expect(200);
        get(&office, token, &format!("{}/events", path(&dossier)));
        assert_eq!(opened(), "3");
        get(&office, &clerk, &path(&dossier));
        assert_eq!(opened(), "3", "a clerk's work is none");
        office.call("GET", path(&foreign)).token(token).send().problem(403, "forbidden");
        assert_eq!(opened(), "3");
        get(&office, token, &format!("{}/identities", path(&dossier)));
        assert_eq!(db.value("select count(*) from identity_readings where what = 1"), "1");
        get(&office, token, "/api/v1/dossiers?list=open");
        assert_eq!(opened(), "3", "a list opens none");

        // And on the pages.
        let number = dossier["case_number"].as_str().unwrap();
        let form = [("username", "giam.sat"), ("password", "một câu dài để nhớ")];
        let form = serde_urlencoded::to_string(form).unwrap();
        let begun = office.server.send("POST", "/dang-nhap", &[FORM, OURS], form.as_bytes()).expect(303);
        assert_eq!(begun.header("location"), "/ho-so");
        let cookie = begun.headers.iter().find(|(_, value)| value.starts_with("__Host-motcua=")).unwrap();
        let cookie = ("Cookie", cookie.1.split(';').next().unwrap());
        let see = |path: &str| office.server.send("GET", path, &[cookie], b"").expect(200).body;
        let page = see(&format!("/ho-so/{number}"));
        assert!(!page.contains("/ghi-chu") && !page.contains("020185000123"), "{page}");
        assert!(page.contains("so-dinh-danh"), "{page}");
        let paper = see(&format!("/ho-so/{number}/giay-tiep-nhan"));
        assert!(!paper.contains("In lại"), "{paper}");
        assert!(opened().parse::<u32>().unwrap() >= 5, "{}", opened());

        // The administrator sees who it was, and what they have seen.
        let today = motcua::clock::now().date();
        let span = format!("from={today}&to={today}");
        let read = get(&office, &administrator, &format!("/api/v1/privacy/readings?{span}&username=giam.sat"));
        let read = read["items"].as_array().unwrap();
        assert!(read.iter().all(|line| line["username"] == "giam.sat"));
        assert_eq!(read.iter().filter(|line| line["what"] == "identity").count(), 1);
        assert!(read.iter().filter(|line| line["what"] == "dossier").count() >= 5);
        let none = get(&office, &administrator, &format!("/api/v1/privacy/readings?{span}&username=h37.20.01.clerk"));
        assert_eq!(none["items"], json!([]));
        let missing = format!("/api/v1/privacy/readings?{span}&username=khong.co");
        office.call("GET", missing).token(&administrator).send().problem(400, "invalid-request");
        // All of it is sealed.
        Program::on(db).output(&["verify"]);
    }
}
