//! Everybody can use every page: by keyboard alone, at 200 % zoom and on 320 pixels, without motion, on paper, by the
//! judge of WCAG 2.2 AA. The pages are those of the table, so that a new one is held to the same.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use fantoccini::Client;
use serde_json::{Value, json};

use crate::support::{
    Browser, COMMUNE, Database, Kind, Office, SAME_DAY, act, devtools, enter, hire, password,
    wrong_with,
};
use motcua::domain::role::Role;
use motcua::web::{Access, screens};

/// A page to be looked at, and by whom.
struct Sight {
    role: Option<Role>,
    template: String,
    address: String,
}

/// Dossiers as desks have them, one a situation.
fn dossiers(office: &mut Office) -> Vec<String> {
    let (clerk, officer) = (
        office.token(Role::Clerk, COMMUNE),
        office.token(Role::Officer, COMMUNE),
    );
    let mut made: Vec<Value> = (0..7).map(|_| office.receive(COMMUNE, SAME_DAY)).collect();
    for one in &made[1..] {
        act(office, &clerk, one, "hand-over", json!({"step": 1})).expect(200);
    }
    let papers = json!({"items": [0], "reason": "bản sao mờ, xin nộp bản khác"});
    act(office, &officer, &made[2], "request-supplement", papers).expect(200);
    let money = json!({"amount_vnd": 20000, "reason": "phí trích lục"});
    act(office, &officer, &made[3], "request-payment", money).expect(200);
    let refused = json!({"decision": "refused", "reason": "không đủ điều kiện"});
    act(office, &officer, &made[4], "finish", refused).expect(200);
    act(
        office,
        &officer,
        &made[5],
        "stop",
        json!({"reason": "trùng hồ sơ"}),
    )
    .expect(200);
    let cash = json!({"fees": [0], "method": "cash"});
    let paid = act(office, &clerk, &made[6], "fees/collect", cash).status;
    assert!([200, 409].contains(&paid), "{paid}");
    let request = office.world.request(COMMUNE, SAME_DAY);
    let now = crate::support::occasion(motcua::clock::now());
    let registered = motcua::acts::receive::register(&office.world.store, &request, now).unwrap();
    made.push(json!({"case_number": registered.case_number.as_str()}));
    made.iter()
        .map(|one| one["case_number"].as_str().unwrap().to_owned())
        .collect()
}

/// Every page that is read, with something on it.
fn sights(office: &mut Office) -> Vec<Sight> {
    let dossiers = dossiers(office);
    let supervisor = office.token(Role::Supervisor, COMMUNE);
    let asked = json!({"dossier": dossiers[0], "what": "delete", "note": "xóa số điện thoại"});
    let call = office
        .call("POST", "/api/v1/privacy/requests")
        .token(&supervisor)
        .body(asked);
    let request = call.send().expect(201).json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let said = json!({"unit": COMMUNE, "kind": "report", "content": "Chờ lâu"});
    let said = office
        .call("POST", "/api/v1/feedback")
        .body(said)
        .send()
        .expect(201)
        .json();
    let (feedback, code) = (said["id"].as_str().unwrap(), said["code"].as_str().unwrap());
    let username = format!("{}.clerk", COMMUNE.to_lowercase());
    let notice = motcua::store::payments::Notice {
        transaction: "FT26330123456789".to_owned(),
        case_number: "CT DEN:123".to_owned(),
        amount_vnd: 20_000,
    };
    motcua::acts::pay::take_notice(&office.world.store, notice, motcua::clock::now()).unwrap();
    let mut cookies = BTreeMap::new();
    let mut sights = Vec::new();
    for route in screens() {
        if route.method != "GET" {
            continue;
        }
        // Supervisors see most; what is for fewer, those see.
        let role = match route.access {
            Access::Staff(permission) => {
                let order = [
                    Role::Supervisor,
                    Role::Administrator,
                    Role::Officer,
                    Role::Clerk,
                    Role::Viewer,
                ];
                order
                    .into_iter()
                    .find(|role| permission.roles().contains(role))
            }
            _ => None,
        };
        let fill = |dossier: &str| {
            let values = [
                ("{dossier}", dossier),
                ("{unit}", COMMUNE),
                ("{year}", "2026"),
                ("{username}", &username),
                ("{payment}", "1"),
                ("{privacy_request}", &request),
                ("{feedback}", feedback),
            ];
            let path = values
                .iter()
                .fold(route.path.clone(), |path, (name, value)| {
                    path.replace(name, value)
                });
            match path.find('{') {
                Some(_) => path.replace(['{', '}'], ""),
                None => path,
            }
        };
        let mut tries: Vec<_> = match route.path.contains("{dossier}") {
            true => dossiers.iter().map(|dossier| fill(dossier)).collect(),
            false => vec![fill("")],
        };
        if route.path == "/phan-anh/{feedback}" {
            tries = vec![format!("/phan-anh/{feedback}?ma={code}")];
        }
        let cookie = role.map(|role| {
            let cookie = cookies.entry(role).or_insert_with(|| session(office, role));
            cookie.clone()
        });
        let see = |path: &str| {
            let cookie = cookie.as_deref().map(|cookie| ("Cookie", cookie));
            let headers: Vec<_> = cookie
                .into_iter()
                .chain([("Accept", "text/html")])
                .collect();
            office.server.send("GET", path, &headers, b"")
        };
        let answers: Vec<_> = tries.iter().map(|path| (path, see(path))).collect();
        // Where the form is offered, else what says that it is not.
        let best = answers.iter().find(|(_, answer)| answer.status == 200);
        let (path, answer) = best.unwrap_or(&answers[0]);
        if !answer.content_type.starts_with("text/html") {
            continue;
        }
        sights.push(Sight {
            role,
            template: route.path.clone(),
            address: (*path).clone(),
        });
    }
    sights.push(Sight {
        role: None,
        template: "/khong-co".to_owned(),
        address: "/khong-co".to_owned(),
    });
    sights
}

/// Somebody of that role for the whole office, or for the commune; the cookie of their session.
fn session(office: &Office, role: Role) -> String {
    let username = hire(&office.world, role, "H37");
    let form = [
        ("username", username.as_str()),
        ("password", &password(&username)),
    ];
    let form = serde_urlencoded::to_string(form).unwrap();
    let begun = office.server.send(
        "POST",
        "/dang-nhap",
        &[crate::support::FORM, crate::support::OURS],
        form.as_bytes(),
    );
    let begun = begun.expect(303);
    let cookies = begun
        .headers
        .iter()
        .filter(|(name, _)| name == "set-cookie");
    let mut cookies = cookies.map(|(_, cookie)| cookie.split(';').next().unwrap().to_owned());
    cookies
        .find(|cookie| cookie.starts_with("motcua="))
        .unwrap()
}

async fn ask(client: &Client, script: &str) -> Value {
    client.execute(script, Vec::new()).await.unwrap()
}

async fn press(client: &Client, key: &str, code: u32) {
    for kind in ["keyDown", "keyUp"] {
        let mut event =
            json!({"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code});
        if key == "Enter" && kind == "keyDown" {
            event["text"] = json!("\r");
        }
        devtools(client, "Input.dispatchKeyEvent", event).await;
    }
}

async fn size(client: &Client, width: u32, height: u32) {
    let metrics =
        json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
    devtools(client, "Emulation.setDeviceMetricsOverride", metrics).await;
}

/// Finds what can be reached, in the order of the page.
const REACHABLE: &str = "
    const shown = (e) => {
      const box = e.getBoundingClientRect(), style = getComputedStyle(e);
      return style.visibility !== 'hidden' && style.display !== 'none' && box.width > 0 && box.height > 0
        && !e.closest('details:not([open]) > :not(summary)');
    };
    const all = document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary');
    window.reachable = [...all].filter((e) => !e.disabled && e.tabIndex >= 0 && shown(e));
    if (window.reachable.length) window.reachable[0].focus();
    return window.reachable.map((e) => e.outerHTML.slice(0, 120));";

/// Where the focus is, and whether it can be seen.
const FOCUS: &str = "
    const e = document.activeElement, style = getComputedStyle(e), box = e.getBoundingClientRect();
    const ring = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
    const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
    return [window.reachable.indexOf(e), ring && inside, e.outerHTML.slice(0, 120)];";

/// By Tab alone everything is reached, in the order of the page, with a focus that is seen.
async fn by_keyboard(client: &Client, name: &str, wrong: &mut Vec<String>) {
    let all = ask(client, REACHABLE).await;
    let all = all.as_array().unwrap();
    let mut last = 0;
    // Fields of dates have several places of their own.
    for _ in 0..all.len() * 7 + 20 {
        if last + 1 >= all.len() {
            break;
        }
        press(client, "Tab", 9).await;
        let at = ask(client, FOCUS).await;
        let Some(index) = at[0].as_i64().and_then(|index| usize::try_from(index).ok()) else {
            continue;
        };
        if index != last && index != last + 1 {
            wrong.push(format!("{name}: from {} to {}", all[last], at[2]));
            return;
        }
        if at[1] != true {
            wrong.push(format!("{name}: no focus is seen on {}", at[2]));
        }
        last = index;
    }
    if last + 1 < all.len() {
        wrong.push(format!("{name}: trapped at {}", all[last]));
    }
}

/// What is wider than it has room for, text that is cut off, and help that goes as soon as one types.
const CUT: &str = "
    const found = [];
    if (document.documentElement.scrollWidth > innerWidth) found.push('scrolls: ' + document.documentElement.scrollWidth);
    const hidden = (e) => e.closest('.skip') || getComputedStyle(e).clipPath !== 'none' || e.closest('thead');
    for (const e of document.querySelectorAll('body *')) {
      const style = getComputedStyle(e), box = e.getBoundingClientRect();
      if (!e.children.length && e.textContent.trim() && box.width > 0 && !hidden(e) && e.tagName !== 'TEXTAREA'
          && e.tagName !== 'OPTION' && style.overflowX !== 'visible' && e.scrollWidth > e.clientWidth + 1)
        found.push('cut: ' + e.outerHTML.slice(0, 120));
      if (e.hasAttribute('placeholder')) found.push('placeholder: ' + e.outerHTML.slice(0, 120));
      if (style.order !== '0' || /reverse/.test(style.flexDirection)) found.push('order: ' + e.outerHTML.slice(0, 120));
    }
    return found;";

const MOVES: &str = "
    const moves = (s) => s.animationName !== 'none' || s.transitionDuration.split(',').some((d) => parseFloat(d) > 0);
    return [...document.querySelectorAll('body *')].filter((e) => moves(getComputedStyle(e)))
      .map((e) => e.outerHTML.slice(0, 120));";

/// What leads elsewhere, and what is filled in, is no part of a paper.
const LEADS: &str = "
    return [...document.querySelectorAll('nav, header form, button')].filter((e) => e.offsetParent && e.innerText.trim())
      .map((e) => e.outerHTML.slice(0, 120));";

/// Forms into which staff write and that nobody keeps for them. Not theirs to lose: what is looked for, the name of a list,
/// a new password.
const UNKEPT: &str = "
    const small = ['/ho-so/tim', '/ho-so/danh-sach', '/tai-khoan'];
    return [...document.querySelectorAll('form[method=post]:not([data-kept])')]
      .filter((f) => f.querySelector('textarea, input:is([type=text], [type=number], [type=date], [type=tel], [type=email])'))
      .map((f) => f.getAttribute('action')).filter((a) => !small.includes(a));";

async fn judge(client: &Client, name: &str, wrong: &mut Vec<String>) {
    let mut note = |what: &str, found: Value| {
        let found = found.as_array().unwrap().iter();
        wrong.extend(found.map(|one| format!("{name}: {what}: {one}")));
    };
    // 200 % of the desk's screen, and what WCAG 1.4.10 asks for.
    for (width, height) in [(683, 384), (320, 640)] {
        size(client, width, height).await;
        note(&format!("at {width}"), ask(client, CUT).await);
    }
    size(client, 1366, 768).await;
    note("at 1366", ask(client, CUT).await);
    let reduced = json!({"features": [{"name": "prefers-reduced-motion", "value": "reduce"}]});
    devtools(client, "Emulation.setEmulatedMedia", reduced).await;
    note("moves", ask(client, MOVES).await);
    devtools(
        client,
        "Emulation.setEmulatedMedia",
        json!({"media": "print"}),
    )
    .await;
    note("on paper", ask(client, LEADS).await);
    devtools(client, "Emulation.setEmulatedMedia", json!({"media": ""})).await;
    by_keyboard(client, name, wrong).await;
    // What is opened by a key closes by one.
    let open = "const s = document.querySelector('script') && document.querySelector('details:not([open]) > summary');
        if (s) s.focus(); return Boolean(s);";
    if ask(client, open).await == true {
        press(client, "Enter", 13).await;
        let state =
            "const d = document.activeElement.closest('details'); return Boolean(d && d.open);";
        if ask(client, state).await != true {
            wrong.push(format!("{name}: Enter opens nothing"));
        }
        press(client, "Tab", 9).await;
        press(client, "Escape", 27).await;
        let state = "const e = document.activeElement; return e.tagName === 'SUMMARY' && !e.parentElement.open;";
        if ask(client, state).await != true {
            wrong.push(format!("{name}: Escape closes nothing"));
        }
    }
}

#[test]
fn every_page_is_for_everybody() {
    let db = Database::new(Kind::Sqlite);
    let mut office = Office::for_browsers(&db);
    let sights = sights(&mut office);
    assert!(sights.len() > 50, "{}", sights.len());
    let browser = Browser::start();
    let url = office.server.url().to_owned();
    let mut wrong = Vec::new();
    actix_web::rt::System::new().block_on(async {
        let mut clients: BTreeMap<Option<Role>, Client> = BTreeMap::new();
        for sight in &sights {
            if let Entry::Vacant(place) = clients.entry(sight.role) {
                let client = browser.open().await;
                if let Some(role) = sight.role {
                    enter(&client, &url, &format!("h37.{}", role.as_str())).await;
                }
                place.insert(client);
            }
            let client = &clients[&sight.role];
            let board = if sight.template.starts_with("/bang") {
                "-board"
            } else {
                ""
            };
            let name = format!("all{board}{}", sight.template.replace(['/', '{', '}'], "-"));
            // Whoever looks for one begins there.
            if std::env::var("PAGES_ONLY").is_ok_and(|only| !sight.template.starts_with(&only)) {
                continue;
            }
            client
                .goto(&format!("{url}{}", sight.address))
                .await
                .unwrap();
            wrong.extend(wrong_with(client, &name).await);
            judge(client, &name, &mut wrong).await;
            if sight.role.is_some() {
                let unkept = ask(client, UNKEPT).await;
                let unkept = unkept.as_array().unwrap().iter();
                wrong.extend(unkept.map(|form| format!("{name}: not kept: {form}")));
            }
        }
        for client in clients.into_values() {
            client.close().await.unwrap();
        }
    });
    assert!(wrong.is_empty(), "{}: {wrong:#?}", wrong.len());
}
