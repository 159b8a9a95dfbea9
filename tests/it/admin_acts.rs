//! What administrators do is on record, and a password that they set is good for changing it only.

use serde_json::{Value, json};

use crate::support::{COMMUNE, Database, Kind, Office, Program, hire, on_both, password};
use motcua::domain::role::Role;

/// The acts of a kind: actor and data.
fn acts(db: &Database, kind: &str) -> Vec<(String, Value)> {
    let count: i64 = db
        .value(&format!(
            "select count(*) from admin_acts where kind = '{kind}'"
        ))
        .parse()
        .unwrap();
    (0..count)
        .map(|i| {
            let of = |column: &str| {
                db.value(&format!(
                    "select {column} from admin_acts where kind = '{kind}' order by id limit 1 offset {i}"
                ))
            };
            (of("actor"), serde_json::from_str(&of("data")).unwrap())
        })
        .collect()
}

on_both! {
    fn a_password_set_by_somebody_else_is_good_for_changing_it_only(db: &Database) {
        let mut office = Office::open(db);
        let administrator = office.token(Role::Administrator, "H37");
        let new = json!({
            "username": "lan.nt", "full_name": "Nông Thị Lan", "role": "clerk", "unit": COMMUNE,
            "email": "lan@langson.gov.vn", "password": "bốn con gà trống",
        });
        let call = office.call("POST", "/api/v1/users").token(&administrator).body(new);
        let made = call.send().expect(201).json();
        assert_eq!(made["must_change_password"], true);
        let log_in = |office: &Office, password: &str| {
            let begun = office.log_in("lan.nt", password).expect(201).json();
            assert_eq!(begun["user"]["must_change_password"], true);
            begun["token"].as_str().unwrap().to_owned()
        };
        let token = log_in(&office, "bốn con gà trống");
        for path in ["/api/v1/me", "/api/v1/dossiers", "/api/v1/sessions", "/api/v1/users"] {
            let answer = office.call("GET", path).token(&token).send();
            answer.problem(403, "password-change-required");
        }
        let body = office.new_dossier(COMMUNE, "2.000815");
        let answer = office.call("POST", "/api/v1/dossiers").token(&token).body(body.clone()).send();
        answer.problem(403, "password-change-required");
        let change = |old: &str, new: &str| {
            let body = json!({"password": old, "new_password": new});
            office.call("PUT", "/api/v1/me/password").token(&token).body(body).send()
        };
        change("bốn con gà trống", "bốn con gà trống").problem(400, "invalid-request");
        change("bốn con gà trống", "mật khẩu của riêng tôi").expect(204);
        let call = office.call("POST", "/api/v1/dossiers").token(&token).body(body);
        call.send().expect(201);
        // Set again by the administrator: the same, and its owner hears of it.
        let body = json!({"password": "mật khẩu do quản trị", "email": "doi@langson.gov.vn"});
        let call = office.call("PATCH", "/api/v1/users/lan.nt").token(&administrator).header("If-Match", "*");
        let changed = call.body(body).send().expect(200).json();
        assert_eq!(changed["must_change_password"], true);
        office.call("GET", "/api/v1/me").token(&token).send().expect(401);
        let token = log_in(&office, "mật khẩu do quản trị");
        office.call("GET", "/api/v1/me").token(&token).send().problem(403, "password-change-required");
        office.call("DELETE", "/api/v1/sessions/current").token(&token).send().expect(204);
        // Where they got their mail before: who sets a password may change the address with it.
        let told = db.value("select max(recipient) from outbox where topic = 'password_set'");
        assert_eq!(told, "lan@langson.gov.vn");
        let by = acts(db, "password_set");
        assert_eq!(by.len(), 1);
        let administrators = db.value("select id from users where role = 'administrator'");
        assert_eq!(by[0].0, administrators);
        assert_eq!(by[0].1["account"]["username"], "lan.nt");
        assert_eq!(acts(db, "password_changed").len(), 1);
        // At the machine.
        let reset = ["user", "password", "--username", "lan.nt", "--password-stdin"];
        assert!(Program::on(db).pipe_any(&reset, "mật khẩu thứ ba\n".as_bytes()).0);
        assert_eq!(acts(db, "password_set")[1].0, "0");
        let found = motcua::tools::verify::verify(&office.world.store, 10).unwrap();
        assert_eq!(found.findings, []);
    }
}

on_both! {
    fn what_administrators_change_is_on_record(db: &Database) {
        let mut office = Office::open(db);
        let token = office.token(Role::Administrator, "H37");
        let me = db.value("select id from users where role = 'administrator'");
        let call = |method, path: &str, body: Value| {
            let call = office.call(method, path).token(&token).header("If-Match", "*");
            call.body(body).send()
        };
        let unit = json!({
            "code": "H37.77", "level": "district", "kind": "people_committee", "name": "UBND mới",
            "parent": "H37", "valid_from": "2026-01-01",
        });
        call("POST", "/api/v1/units", unit).expect(201);
        call("PATCH", "/api/v1/units/H37.77", json!({"name": "UBND khác"})).expect(200);
        let days = json!({"days": [{"date": "2028-01-03", "kind": "off", "name": "Tết dương lịch"}]});
        call("PUT", "/api/v1/calendar/2028", days.clone()).expect(202);
        // The same again changes nothing.
        call("PUT", "/api/v1/calendar/2028", days).expect(200);
        let webhook = json!({"unit": "H37", "url": "https://example.vn/secret-path", "kinds": ["*"]});
        let made = call("POST", "/api/v1/webhooks", webhook).expect(201).json();
        let path = format!("/api/v1/webhooks/{}", made["webhook"]["id"].as_str().unwrap_or_else(|| made["id"].as_str().unwrap()));
        call("PATCH", &path, json!({"disabled": true})).expect(200);
        office.call("DELETE", path).token(&token).send().expect(204);
        let clerk = hire(&office.world, Role::Clerk, COMMUNE);
        let path = format!("/api/v1/users/{clerk}");
        call("PATCH", &path, json!({"role": "officer"})).expect(200);
        let refused = call("PATCH", &path, json!({"role": "officer", "unit": "H99"}));
        refused.problem(400, "invalid-request");
        for kind in [
            "unit_made", "unit_changed", "calendar_put", "webhook_made", "webhook_changed",
            "webhook_removed", "account_changed",
        ] {
            let acts = acts(db, kind);
            assert_eq!(acts.len(), 1, "{kind}");
            assert_eq!(acts[0].0, me, "{kind}");
        }
        let changed = &acts(db, "unit_changed")[0].1;
        assert_eq!(changed["before"]["name"], "UBND mới");
        assert_eq!(changed["unit"]["name"], "UBND khác");
        assert_eq!(acts(db, "account_changed")[0].1["account"]["role"], "officer");
        let webhook = acts(db, "webhook_made")[0].1.to_string();
        assert!(webhook.contains("example.vn") && !webhook.contains("secret-path"), "{webhook}");
        for kind in ["calendar_imported", "units_imported", "procedures_imported", "log_key_made"] {
            assert_eq!(acts(db, kind).len(), 1, "{kind}");
        }
        motcua::jobs::seal::seal_all(&office.world.store).unwrap();
        assert_eq!(motcua::tools::verify::verify(&office.world.store, 10).unwrap().findings, []);
        // No act holds a secret.
        let all = db.value(match db.kind {
            Kind::Sqlite => "select group_concat(data) from admin_acts",
            Kind::Postgres => "select string_agg(data, ',') from admin_acts",
        });
        assert!(!all.contains("argon2") && !all.contains(&password(&clerk)), "{all}");
    }
}

on_both! {
    fn settings_are_recorded_when_they_change_without_secrets(db: &Database) {
        drop(db.store());
        let program = || Program::on(db).with("MOTCUA__PAYMENTS__GATEWAY_SECRET", "một bí mật đủ dài, hơn ba mươi hai ký tự");
        program().serve().stop();
        program().serve().stop();
        assert_eq!(acts(db, "settings").len(), 1);
        program().with("MOTCUA__ACCOUNTS__SESSION_HOURS", "3").serve().stop();
        let acts = acts(db, "settings");
        assert_eq!(acts.len(), 2);
        assert_eq!(acts[1].1["settings"]["accounts.session_hours"], "3");
        let text = acts[1].1.to_string();
        assert!(!text.contains("bí mật") && !text.contains("motcua@127"), "{text}");
        assert_eq!(acts[1].1["settings"]["payments.gateway_secret"], "(đã đặt, không hiện)");
    }
}
