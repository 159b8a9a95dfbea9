//! Pages: over plain HTTP, and in a real browser.

use fantoccini::Locator;

use crate::support::{
    Answer, Browser, COMMUNE, Database, FORM, Kind, OURS, Office, Program, SAME_DAY, Visitor,
    arrive, hire, is_page, look, password, set_cookie,
};
use motcua::domain::role::Role;

const BROWSER: (&str, &str) = (
    "Accept",
    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
);

fn typed(username: &str, password: &str) -> String {
    serde_urlencoded::to_string([("username", username), ("password", password)]).unwrap()
}

/// Posts the log-in's form.
fn log_in(office: &Office, headers: &[(&str, &str)], username: &str, password: &str) -> Answer {
    let mut all = vec![FORM];
    all.extend_from_slice(headers);
    let form = typed(username, password);
    office
        .server
        .send("POST", "/dang-nhap", &all, form.as_bytes())
}

#[test]
fn a_browser_has_a_cookie_and_the_api_takes_none() {
    let db = Database::new(Kind::Sqlite);
    let office = Office::open(&db);
    let username = hire(&office.world, Role::Clerk, COMMUNE);
    let get = |path: &str, headers: &[(&str, &str)]| office.server.send("GET", path, headers, b"");

    is_page(&get("/dang-nhap", &[]), 200);
    let asked = get("/ho-so?limit=5", &[]);
    assert_eq!(asked.status, 303);
    assert_eq!(
        asked.header("location"),
        "/dang-nhap?next=%2Fho-so%3Flimit%3D5"
    );

    let begun = log_in(&office, &[OURS], &username, &password(&username)).expect(303);
    assert_eq!(begun.header("location"), "/ho-so");
    let cookie = set_cookie(&begun, "__Host-motcua");
    for attribute in [
        "; HttpOnly",
        "; SameSite=Lax",
        "; Secure",
        "; Path=/",
        "; Max-Age=",
    ] {
        assert!(cookie.contains(attribute), "{attribute} in {cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let token = cookie.split_once('=').unwrap().1.to_owned();
    let with = ("Cookie", cookie.as_str());
    let bearer = format!("Bearer {token}");
    let bearer = ("Authorization", bearer.as_str());

    is_page(&get("/ho-so", &[with]), 200);
    get("/api/v1/me", &[with]).problem(401, "unauthenticated");
    get("/api/v1/me", &[bearer]).expect(200);
    get("/ho-so", &[bearer]).expect(303);

    // An administrator has no dossiers to see, and is sent to what there is.
    let administrator = hire(&office.world, Role::Administrator, COMMUNE);
    let begun = log_in(&office, &[OURS], &administrator, &password(&administrator)).expect(303);
    let other = set_cookie(&begun, "__Host-motcua");
    let other = other.split(';').next().unwrap();
    let sent = get("/ho-so", &[("Cookie", other)]).expect(303);
    assert_eq!(sent.header("location"), "/quan-tri");
    is_page(&get("/quan-tri", &[("Cookie", other)]), 200);
    is_page(&get("/tai-khoan", &[("Cookie", other)]), 200);

    let leave = |headers: &[(&str, &str)]| office.server.send("POST", "/dang-xuat", headers, b"");
    is_page(&leave(&[with]), 403);
    is_page(&get("/ho-so", &[with]), 200);
    let left = leave(&[with, OURS]).expect(303);
    assert!(set_cookie(&left, "__Host-motcua").contains("Max-Age=0"));
    get("/ho-so", &[with]).expect(303);
    get("/api/v1/me", &[bearer]).problem(401, "unauthenticated");
}

#[test]
fn what_other_sites_send_is_refused() {
    let db = Database::new(Kind::Sqlite);
    let office = Office::open(&db);
    let username = hire(&office.world, Role::Clerk, COMMUNE);
    let ours = format!("http://{}", office.server.address());
    let post = |headers: &[(&str, &str)]| log_in(&office, headers, &username, &password(&username));
    for refused in [
        &[][..],
        &[("Sec-Fetch-Site", "cross-site")],
        &[("Sec-Fetch-Site", "same-site")],
        &[("Sec-Fetch-Site", "cross-site"), ("Origin", &ours)],
        &[("Origin", "null")],
        &[("Origin", "https://elsewhere.example")],
    ] {
        let answer = post(refused);
        is_page(&answer, 403);
        assert!(answer.body.contains("từ một trang khác"), "{}", answer.body);
    }
    for taken in [
        &[OURS][..],
        &[("Sec-Fetch-Site", "none")],
        &[("Origin", &ours)],
    ] {
        post(taken).expect(303);
    }
}

#[test]
fn a_wrong_password_is_told_on_the_page_and_the_name_stays() {
    let db = Database::new(Kind::Sqlite);
    let office = Office::open(&db);
    let answer = log_in(&office, &[OURS], "\"><b>lan", "sai mật khẩu");
    is_page(&answer, 401);
    assert!(answer.body.contains("role=\"alert\""), "{}", answer.body);
    assert!(
        answer.body.contains("&#62;&#60;b&#62;lan"),
        "{}",
        answer.body
    );
    assert!(!answer.body.contains("sai mật khẩu"), "{}", answer.body);
    // The form says where to go on, and that is never elsewhere.
    let form = typed("x", "y") + "&next=https://elsewhere.example";
    let answer = office
        .server
        .send("POST", "/dang-nhap", &[FORM, OURS], form.as_bytes());
    assert!(answer.body.contains("value=\"/ho-so\""), "{}", answer.body);
    // What is no form of ours.
    let sent = [("Content-Type", "application/json"), OURS];
    is_page(&office.server.send("POST", "/dang-nhap", &sent, b"{}"), 415);
    let zero = office.server.send(
        "POST",
        "/dang-nhap",
        &[FORM, OURS],
        b"username=%00&password=x",
    );
    is_page(&zero, 400);
}

#[test]
fn errors_are_pages_for_people_and_documents_for_programs() {
    let db = Database::new(Kind::Sqlite);
    let server = Program::on(&db).serve();
    let get = |path: &str, headers: &[(&str, &str)]| server.send("GET", path, headers, b"");
    let page = get("/khong-co", &[BROWSER]);
    is_page(&page, 404);
    for technical in ["urn:", "Bearer", "problem", "404"] {
        assert!(
            !page.body.contains(technical),
            "{technical} in {}",
            page.body
        );
    }
    get("/khong-co", &[]).problem(404, "not-found");
    get(
        "/khong-co",
        &[("Accept", "application/json, text/html;q=0.5")],
    )
    .problem(404, "not-found");
    get("/api/v1/khong-co", &[BROWSER]).problem(404, "not-found");
    get("/api/v1/me", &[BROWSER]).problem(401, "unauthenticated");
    is_page(&get("/static/app-000000000000.css", &[]), 404);
    let wrong = server.send("PUT", "/ho-so", &[], b"");
    is_page(&wrong, 405);
    assert_eq!(wrong.header("allow"), "GET, HEAD");
}

#[test]
fn a_password_is_changed_on_a_page_and_has_to_be_if_somebody_else_set_it() {
    let db = Database::new(Kind::Sqlite);
    let office = Office::open(&db);
    let clerk = Visitor::hire(&office, Role::Clerk, COMMUNE);
    is_page(&clerk.get("/phim-tat"), 200);
    db.tamper("update users set must_change_password = true");
    let sent = clerk.get("/ho-so").expect(303);
    assert_eq!(sent.header("location"), "/tai-khoan");
    let shown = clerk.get("/tai-khoan");
    is_page(&shown, 200);
    assert!(shown.body.contains("do người khác đặt"), "{}", shown.body);
    assert!(
        !shown.body.contains("href=\"/ho-so\">Hồ sơ"),
        "no way round"
    );

    let old = password(&clerk.username);
    let change = |present: &str, new: &str, again: &str| {
        let fields = [
            ("password", present),
            ("new_password", new),
            ("new_password_again", again),
        ];
        clerk.post("/tai-khoan", &fields)
    };
    let new = "một câu dài dễ nhớ";
    for (present, new, again, status, said) in [
        (
            "sai mật khẩu",
            new,
            new,
            403,
            "#password\">Mật khẩu hiện nay: ",
        ),
        (&*old, "ngắn", "ngắn", 400, "#new_password\">Mật khẩu mới: "),
        (&*old, new, "khác", 400, "#new_password_again\">"),
    ] {
        let wrong = change(present, new, again);
        is_page(&wrong, status);
        assert!(
            wrong.body.contains("<title>Lỗi: Tài khoản"),
            "{}",
            wrong.body
        );
        assert!(wrong.body.contains(said), "{said} in {}", wrong.body);
        assert!(
            wrong.body.contains("aria-invalid=\"true\""),
            "{}",
            wrong.body
        );
        assert!(!wrong.body.contains(&*old), "a password stands on no page");
    }
    let done = clerk.follow(change(&old, new, new));
    assert!(done.body.contains("Đã đổi mật khẩu"), "{}", done.body);
    is_page(&clerk.get("/ho-so"), 200);
}

#[test]
fn a_page_that_says_no_has_the_way_back_of_whoever_asked() {
    let db = Database::new(Kind::Sqlite);
    let office = Office::open(&db);
    let clerk = Visitor::hire(&office, Role::Clerk, COMMUNE);
    let refused = clerk.post("/ho-so", &[]);
    is_page(&refused, 405);
    // Nobody is logged in: the way goes to the log-in.
    let missing = office.server.send("GET", "/khong-co", &[BROWSER], b"");
    assert!(
        missing.body.contains("href=\"/dang-nhap\">Về trang đầu"),
        "{}",
        missing.body
    );
}

#[test]
fn what_pages_are_made_with_is_kept_for_good() {
    let db = Database::new(Kind::Sqlite);
    let server = Program::on(&db).serve();
    let page = server.get("/dang-nhap").body;
    let (_, rest) = page.split_once("href=\"/static/").unwrap();
    let name = rest.split('"').next().unwrap();
    let style = server.get(&format!("/static/{name}")).expect(200);
    assert_eq!(style.content_type, "text/css; charset=utf-8");
    let kept = style.header("cache-control");
    assert_eq!(kept, "public, max-age=31536000, immutable");
    assert!(!style.body.contains("url("), "nothing from elsewhere");
}

#[test]
fn a_clerk_logs_in_and_sees_the_open_dossiers_in_a_browser() {
    let db = Database::new(Kind::Sqlite);
    let mut office = Office::for_browsers(&db);
    let dossiers: Vec<_> = (0..3).map(|_| office.receive(COMMUNE, SAME_DAY)).collect();
    let username = format!("{}.clerk", COMMUNE.to_lowercase());
    let browser = Browser::start();
    let url = office.server.url().to_owned();
    actix_web::rt::System::new().block_on(async {
        let client = browser.open().await;
        client.goto(&format!("{url}/ho-so")).await.unwrap();
        look(&client, "log-in").await;
        let find = |selector: &'static str| client.find(Locator::Css(selector));
        find("#username")
            .await
            .unwrap()
            .send_keys(&username)
            .await
            .unwrap();
        find("#password")
            .await
            .unwrap()
            .send_keys("sai")
            .await
            .unwrap();
        find("main button").await.unwrap().click().await.unwrap();
        // The name is still there, and one may go on typing.
        let message = find("[role=alert]").await.unwrap().text().await.unwrap();
        assert!(!message.is_empty());
        let kept = find("#username")
            .await
            .unwrap()
            .prop("value")
            .await
            .unwrap();
        assert_eq!(kept.as_deref(), Some(username.as_str()));
        look(&client, "wrong-password").await;
        let field = client.active_element().await.unwrap();
        field.send_keys(&password(&username)).await.unwrap();
        let typed = find("#password")
            .await
            .unwrap()
            .prop("value")
            .await
            .unwrap();
        assert_eq!(typed, Some(password(&username)));
        find("main button").await.unwrap().click().await.unwrap();

        // A click returns when the form is on its way.
        let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
        let mut address = client.current_url().await.unwrap();
        while address.path() != "/ho-so" && std::time::Instant::now() < until {
            client.find(Locator::Css("main")).await.ok();
            address = client.current_url().await.unwrap();
        }
        assert_eq!(address.path(), "/ho-so");
        look(&client, "dossiers").await;
        let body = find("main").await.unwrap().text().await.unwrap();
        for dossier in &dossiers {
            let number = dossier["case_number"].as_str().unwrap();
            assert!(body.contains(number), "{number} in {body}");
        }
        // The style is loaded: the policy lets ours through.
        let header = find("header").await.unwrap();
        let colour = header.css_value("background-color").await.unwrap();
        assert_eq!(
            colour.replace("rgba(11, 83, 148, 1)", "rgb(11, 83, 148)"),
            "rgb(11, 83, 148)"
        );
        // Script cannot see the cookie.
        let seen = client
            .execute("return document.cookie", Vec::new())
            .await
            .unwrap();
        assert_eq!(seen, "");

        find("header button").await.unwrap().click().await.unwrap();
        arrive(&client, "/dang-nhap").await;
        client.goto(&format!("{url}/ho-so")).await.unwrap();
        assert_eq!(client.current_url().await.unwrap().path(), "/dang-nhap");
        client.goto(&format!("{url}/khong-co")).await.unwrap();
        look(&client, "error").await;
        client.close().await.unwrap();
    });
}
