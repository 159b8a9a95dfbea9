use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::{Value, json};

use super::program::{Answer, Server};
use super::{Database, Program, World};
use motcua::acts;
use motcua::acts::staff::NewStaff;
use motcua::domain::role::Role;

pub const COMMUNE: &str = "H37.20.01";
/// Under the same district.
pub const NEIGHBOUR: &str = "H37.20.02";
/// Under another one.
pub const FOREIGN: &str = "H37.21.01";
/// Chứng thực bản sao: due the same day.
pub const SAME_DAY: &str = "2.000815";

/// A running server over the world of 2021, with staff who can log in. Every answer is held against
/// the API's own document.
pub struct Office {
    pub world: World,
    pub server: Server,
    tokens: HashMap<(Role, String), String>,
}

pub fn password(username: &str) -> String {
    format!("mật khẩu của người {}", username.len())
}

/// A member of staff as others are named here, without mail and password.
pub fn staff(role: Role, unit: &str) -> NewStaff {
    NewStaff {
        username: format!("{}.{}", unit.to_lowercase(), role.as_str()),
        full_name: format!("{} {unit}", role.as_str()),
        role,
        unit: unit.to_owned(),
        oidc_subject: None,
        email: None,
        password: None,
    }
}

/// Makes a member of staff who can log in.
pub fn hire(world: &World, role: Role, unit: &str) -> String {
    let mut new = staff(role, unit);
    let username = new.username.clone();
    new.password = Some(password(&username));
    acts::staff::create(&world.store, new, None, None, motcua::clock::now()).unwrap();
    username
}

impl Office {
    /// The items of all pages of a list.
    pub fn pages(&self, token: &str, path: &str, limit: usize) -> Vec<Value> {
        let mut found = Vec::new();
        let mut after = String::new();
        let join = if path.contains('?') { '&' } else { '?' };
        loop {
            let path = format!("{path}{join}limit={limit}{after}");
            let page = self
                .call("GET", path)
                .token(token)
                .send()
                .expect(200)
                .json();
            let items = page["items"].as_array().unwrap();
            assert!(items.len() <= limit);
            found.extend(items.iter().cloned());
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return found,
            }
        }
    }

    pub fn open(db: &Database) -> Self {
        Self::open_with(db, Program::on(db))
    }

    /// As a browser reaches it, over plain http.
    pub fn for_browsers(db: &Database) -> Self {
        Self::open_with(db, Program::for_browsers(db))
    }

    pub fn open_with(db: &Database, program: Program) -> Self {
        Self::over(World::new(db.store()), program)
    }

    /// The program over a world that has seen something already.
    pub fn over(world: World, program: Program) -> Self {
        let server = program.serve();
        Self {
            world,
            server,
            tokens: HashMap::new(),
        }
    }

    /// Another program in place of this one.
    pub fn again(self, program: Program) -> Self {
        drop(self.server);
        Self::over(self.world, program)
    }

    /// The token of somebody of that role and unit, hired and logged in on first use.
    pub fn token(&mut self, role: Role, unit: &str) -> String {
        let key = (role, unit.to_owned());
        if let Some(token) = self.tokens.get(&key) {
            return token.clone();
        }
        let username = hire(&self.world, role, unit);
        let token = self
            .log_in(&username, &password(&username))
            .expect(201)
            .json()["token"]
            .as_str()
            .unwrap()
            .to_owned();
        self.tokens.insert(key, token.clone());
        token
    }

    pub fn log_in(&self, username: &str, password: &str) -> Answer {
        let body = json!({"username": username, "password": password});
        self.call("POST", "/api/v1/sessions").body(body).send()
    }

    pub fn call<'a>(&'a self, method: &'a str, path: impl Into<String>) -> Call<'a> {
        Call {
            server: &self.server,
            method,
            path: path.into(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// Waits until a job is done; how it stands then.
    pub fn job_done(&self, path: &str, administrator: &str) -> Value {
        assert!(path.starts_with("/api/v1/jobs/"), "{path}");
        for _ in 0..1800 {
            let job = self
                .call("GET", path)
                .token(administrator)
                .send()
                .expect(200)
                .json();
            if job["state"] == "done" {
                return job;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        panic!("{path} is not done");
    }

    /// A complete body for a new dossier, of a clerk who accepts whatever it warns of.
    pub fn new_dossier(&self, unit: &str, procedure: &str) -> Value {
        let reference = self.world.store.reference().unwrap();
        let definition = &reference.versions(procedure)[0].definition;
        let items = (0..definition.checklist.len()).map(|i| json!({"position": i, "originals": 1}));
        json!({
            "unit": unit, "procedure": procedure,
            "applicant": {
                "name": "Nguyễn Thị Ánh", "identity_number": "020185000123",
                "phone": "0912345678", "address": "Thành phố Lạng Sơn",
            },
            "items": items.collect::<Vec<_>>(),
            "accept": ["duplicate_person", "duplicate_dossier"],
        })
    }

    /// A complete body for an online submission: nobody asks citizens to accept anything.
    pub fn new_submission(&self, unit: &str, procedure: &str) -> Value {
        let mut body = self.new_dossier(unit, procedure);
        body.as_object_mut().unwrap().remove("accept");
        body
    }

    /// Receives a dossier now, as the clerk of that unit; what the API shows of it.
    pub fn receive(&mut self, unit: &str, procedure: &str) -> Value {
        let clerk = self.token(Role::Clerk, unit);
        self.receive_as(&clerk, unit, procedure)
    }

    /// The same with a token of one's own.
    pub fn receive_as(&self, clerk: &str, unit: &str, procedure: &str) -> Value {
        let body = self.new_dossier(unit, procedure);
        let call = self
            .call("POST", "/api/v1/dossiers")
            .token(clerk)
            .body(body);
        call.send().expect(201).json()
    }
}

/// Where the API has a dossier.
pub fn path(dossier: &Value) -> String {
    format!("/api/v1/dossiers/{}", dossier["id"].as_str().unwrap())
}

/// Does something to a dossier, whatever it is now.
pub fn act(office: &Office, token: &str, dossier: &Value, action: &str, body: Value) -> Answer {
    let call = office.call("POST", format!("{}/{action}", path(dossier)));
    call.token(token).header("If-Match", "*").body(body).send()
}

/// What there is to read at an address.
pub fn get(office: &Office, token: &str, path: &str) -> Value {
    let call = office.call("GET", path).token(token);
    call.send().expect(200).json()
}

/// A call of the API.
pub struct Call<'a> {
    server: &'a Server,
    method: &'a str,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Call<'_> {
    pub fn token(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The version that was seen.
    pub fn seen(self, dossier: &Value) -> Self {
        let etag = format!("\"{}\"", dossier["version"]);
        self.header("If-Match", &etag)
    }

    pub fn body(self, body: Value) -> Self {
        self.raw(body.to_string().as_bytes())
            .header("Content-Type", "application/json")
    }

    pub fn raw(mut self, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self
    }

    /// Sends it, and holds the answer against the document.
    #[track_caller]
    pub fn send(self) -> Answer {
        let headers: Vec<_> = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let answer = self
            .server
            .send(self.method, &self.path, &headers, &self.body);
        check(self.method, &self.path, &answer);
        answer
    }
}

static VALIDATORS: LazyLock<HashMap<(String, String, u16), jsonschema::Validator>> =
    LazyLock::new(|| {
        let document = motcua::web::document();
        let mut validators = HashMap::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                for (status, response) in operation["responses"].as_object().unwrap() {
                    let contents = response["content"].as_object().into_iter().flatten();
                    // Only JSON is held against its schema: it goes over what else there may be.
                    let (json, other): (Vec<_>, Vec<_>) =
                        contents.partition(|(kind, _)| kind.contains("json"));
                    for (_, content) in other.into_iter().chain(json) {
                        let mut schema = content["schema"].clone();
                        schema["components"] = document["components"].clone();
                        let validator = jsonschema::draft202012::new(&schema).unwrap();
                        let key = (method.to_uppercase(), path.clone(), status.parse().unwrap());
                        validators.insert(key, validator);
                    }
                }
            }
        }
        validators
    });

/// The path of the document that an address belongs to.
fn documented(path: &str) -> Option<&'static str> {
    let path = path.split('?').next().unwrap();
    let paths = motcua::web::document()["paths"].as_object().unwrap();
    let fits = |template: &str| {
        let (a, b): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
        let same = |(a, b): (&&str, &&str)| a == b || (a.starts_with('{') && !b.is_empty());
        a.len() == b.len() && a.iter().zip(&b).all(same)
    };
    let mut found: Vec<&str> = paths
        .keys()
        .map(String::as_str)
        .filter(|t| fits(t))
        .collect();
    found.sort_by_key(|template| template.matches('{').count());
    found.first().copied()
}

/// What the server answers is what its document says.
#[track_caller]
fn check(method: &str, path: &str, answer: &Answer) {
    let method = if method == "HEAD" { "GET" } else { method };
    let Some(template) = documented(path) else {
        return;
    };
    let document = motcua::web::document();
    let operation = &document["paths"][template][method.to_lowercase()];
    if operation.is_null() {
        assert_eq!(answer.status, 405, "{method} {template} is not documented");
        return;
    }
    let response = &operation["responses"][answer.status.to_string()];
    assert!(
        !response.is_null(),
        "{method} {template} answers {}, which is not documented: {}",
        answer.status,
        answer.body
    );
    let key = (method.to_owned(), template.to_owned(), answer.status);
    let Some(validator) = VALIDATORS.get(&key) else {
        assert_eq!(answer.body, "", "{method} {template} documents no body");
        return;
    };
    if answer.content_type.contains("json") {
        let json = answer.json();
        let errors: Vec<_> = validator
            .iter_errors(&json)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(
            errors.is_empty(),
            "{method} {template}: {errors:?} in {json}"
        );
    }
}
