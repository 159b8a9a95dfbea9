//! Pages over plain HTTP as a browser asks for them, and in a real browser.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use fantoccini::elements::Element;
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::json;

use super::Office;
use super::api::{hire, password};
use super::program::Answer;
use motcua::domain::role::Role;

/// What a browser sends with a form.
pub const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");
/// And with one of ours.
pub const OURS: (&str, &str) = ("Sec-Fetch-Site", "same-origin");

/// The cookie of that name as it was set.
pub fn set_cookie(answer: &Answer, name: &str) -> String {
    let mut cookies = answer
        .headers
        .iter()
        .filter(|(header, value)| header == "set-cookie" && value.starts_with(&format!("{name}=")));
    let (_, cookie) = cookies.next().unwrap_or_else(|| panic!("no {name}"));
    assert!(cookies.next().is_none());
    cookie.clone()
}

/// A page has the headers of one, and nothing that its policy forbids.
#[track_caller]
pub fn is_page(answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{}", answer.body);
    assert_eq!(answer.content_type, "text/html; charset=utf-8");
    let policy = answer.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(answer.header("referrer-policy"), "same-origin");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.body.matches("<script").count(), 1, "ours alone");
    for inline in [
        "<script>",
        "<style",
        " style=",
        " onclick=",
        "http://",
        "https://",
    ] {
        assert!(!answer.body.contains(inline), "{inline} in {}", answer.body);
    }
}

/// A member of staff with a browser, over plain HTTP.
pub struct Visitor<'a> {
    office: &'a Office,
    pub username: String,
    cookie: String,
}

impl<'a> Visitor<'a> {
    /// Somebody of that role and unit, hired and logged in.
    pub fn hire(office: &'a Office, role: Role, unit: &str) -> Self {
        let username = hire(&office.world, role, unit);
        Self::log_in(office, &username)
    }

    /// Whoever was hired before.
    pub fn log_in(office: &'a Office, username: &str) -> Self {
        let mut visitor = Self {
            office,
            username: username.to_owned(),
            cookie: String::new(),
        };
        let form = [("username", username), ("password", &password(username))];
        let begun = visitor.post("/dang-nhap", &form).expect(303);
        let cookie = begun.headers.iter().find(|(name, value)| {
            name == "set-cookie"
                && value
                    .split('=')
                    .next()
                    .is_some_and(|name| name.ends_with("motcua"))
        });
        let cookie = &cookie.expect("a session").1;
        cookie
            .split(';')
            .next()
            .unwrap()
            .clone_into(&mut visitor.cookie);
        visitor
    }

    pub fn get(&self, path: &str) -> Answer {
        let cookie = ("Cookie", self.cookie.as_str());
        self.office.server.send("GET", path, &[cookie], b"")
    }

    /// Sends a form with these fields.
    pub fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.post_with(path, fields, &[])
    }

    /// The same as the page's own script sends it.
    pub fn post_by_script(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.post_with(path, fields, &[("Accept", "application/json")])
    }

    fn post_with(&self, path: &str, fields: &[(&str, &str)], more: &[(&str, &str)]) -> Answer {
        self.send_with(path, &serde_urlencoded::to_string(fields).unwrap(), more)
    }

    /// The session, as the browser sends it.
    pub fn cookie(&self) -> &str {
        &self.cookie
    }

    /// Sends a form as it is written.
    pub fn send(&self, path: &str, form: &str) -> Answer {
        self.send_with(path, form, &[])
    }

    fn send_with(&self, path: &str, form: &str, more: &[(&str, &str)]) -> Answer {
        let cookie = ("Cookie", self.cookie.as_str());
        let mut headers = vec![FORM, OURS, cookie];
        headers.extend(more);
        self.office
            .server
            .send("POST", path, &headers, form.as_bytes())
    }

    /// The page on which one ends.
    #[track_caller]
    pub fn follow(&self, answer: Answer) -> Answer {
        let place = answer.expect(303).header("location").to_owned();
        self.get(&place).expect(200)
    }
}

/// What a field of a page holds.
#[track_caller]
pub fn held(page: &str, name: &str) -> String {
    let (_, rest) = page
        .split_once(&format!("name=\"{name}\" value=\""))
        .unwrap_or_else(|| panic!("no {name} in {page}"));
    rest.split('"').next().unwrap().to_owned()
}

/// Chromium, driven.
pub struct Browser {
    driver: Child,
    address: String,
}

impl Browser {
    pub fn start() -> Self {
        // Now and then it ends without naming its port: somebody else may have taken it.
        (0..10)
            .find_map(|_| Self::try_start())
            .expect("chromedriver says where it listens")
    }

    fn try_start() -> Option<Self> {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is installed by .ci/test");
        let lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let mut lines = lines.map_while(Result::ok);
        let port = lines.find_map(|line| {
            let port = line.split_once("started successfully on port ")?.1;
            Some(port.trim_end_matches('.').to_owned())
        });
        let Some(port) = port else {
            let _ = driver.wait();
            return None;
        };
        // It goes on writing.
        std::thread::spawn(move || lines.for_each(drop));
        Some(Self {
            driver,
            address: format!("http://127.0.0.1:{port}"),
        })
    }

    pub async fn open(&self) -> Client {
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            "--hide-scrollbars",
        ];
        let options = json!({"goog:chromeOptions": {"args": arguments}});
        ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
            .capabilities(options.as_object().unwrap().clone())
            .connect(&self.address)
            .await
            .unwrap()
    }
}

impl Browser {
    /// Somebody logs in there.
    pub async fn enter(&self, url: &str, username: &str) -> Client {
        let client = self.open().await;
        enter(&client, url, username).await;
        client
    }

    /// The machine sleeps: nothing of the browser runs until it wakes.
    pub fn sleep(&self) {
        self.signal(rustix::process::Signal::STOP);
    }

    pub fn wake(&self) {
        self.signal(rustix::process::Signal::CONT);
    }

    /// To all that the driver has started, not to the driver, which is ours.
    fn signal(&self, signal: rustix::process::Signal) {
        let mut parents = vec![self.driver.id()];
        while let Some(parent) = parents.pop() {
            for child in children(parent) {
                let pid = rustix::process::Pid::from_raw(i32::try_from(child).unwrap()).unwrap();
                // It may have ended meanwhile.
                let _ = rustix::process::kill_process(pid, signal);
                parents.push(child);
            }
        }
    }
}

/// The processes that a process has started.
fn children(parent: u32) -> Vec<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{parent}/task"));
    let tasks = tasks.into_iter().flatten().flatten();
    tasks
        .filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok())
        .flat_map(|text| {
            let pids = text.split_whitespace().map(str::parse);
            pids.flatten().collect::<Vec<_>>()
        })
        .collect()
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// A page as a desk's screen and a telephone show it; nothing of it is wider than the screen, and the judge finds
/// nothing wrong.
pub async fn look(client: &Client, name: &str) {
    let wrong = wrong_with(client, name).await;
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What is wrong with a page at either size.
pub async fn wrong_with(client: &Client, name: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for (width, height) in [(1366, 768), (360, 640)] {
        let metrics = json!({
            "cmd": "Emulation.setDeviceMetricsOverride",
            "params": {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false},
        });
        client.issue_cmd(DevTools(metrics)).await.unwrap();
        let wide = client
            .execute("return document.documentElement.scrollWidth", Vec::new())
            .await
            .unwrap();
        if wide.as_u64().unwrap() > width {
            wrong.push(format!("{name}: {wide} of {width}"));
        }
        wrong.extend(judge(client, name).await);
        if let Ok(folder) = std::env::var("PAGES_SCREENSHOTS") {
            let picture = client.screenshot().await.unwrap();
            std::fs::write(format!("{folder}/{name}-{width}x{height}.png"), picture).unwrap();
        }
    }
    wrong
}

/// What axe-core finds wrong with the page by WCAG 2.2 AA, contrast and all; `.ci/test` says where axe-core is.
async fn judge(client: &Client, name: &str) -> Vec<String> {
    let Ok(axe) = std::env::var("PAGES_AXE") else {
        return Vec::new();
    };
    let axe = std::fs::read_to_string(axe).unwrap();
    let run = format!(
        "{axe};
        const done = arguments[arguments.length - 1];
        const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
        axe.run(document, {{runOnly: rules}}).then(
            (found) => done(found.violations.map((wrong) => [wrong.id, wrong.help, wrong.nodes.map((node) => node.html)])),
            (error) => done([String(error)]));"
    );
    let found = client.execute_async(&run, Vec::new()).await.unwrap();
    // A board renews itself: that is what it is for, and nobody types there (WCAG 2.2.1 exempts what is essential).
    let renews = |wrong: &serde_json::Value| name.contains("board") && wrong[0] == "meta-refresh";
    let found = found.as_array().unwrap().iter();
    found
        .filter(|wrong| !renews(wrong))
        .map(|wrong| format!("{name}: {wrong}"))
        .collect()
}

/// A command of Chromium's own.
#[derive(Debug)]
struct DevTools(serde_json::Value);

impl fantoccini::wd::WebDriverCompatibleCommand for DevTools {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        let session = session.unwrap_or_default();
        base.join(&format!("session/{session}/goog/cdp/execute"))
    }

    fn method_and_body(&self, _: &url::Url) -> (ureq::http::Method, Option<String>) {
        (ureq::http::Method::POST, Some(self.0.to_string()))
    }
}

/// Clicks twice, as fast as a mouse does.
pub async fn double_click(client: &Client, element: &Element) {
    use fantoccini::actions::{InputSource, MOUSE_BUTTON_LEFT, MouseActions, PointerAction};
    let (down, up) = (
        PointerAction::Down {
            button: MOUSE_BUTTON_LEFT,
        },
        PointerAction::Up {
            button: MOUSE_BUTTON_LEFT,
        },
    );
    let in_sight = "arguments[0].scrollIntoView({block: 'center'})";
    let named = serde_json::to_value(element).unwrap();
    client.execute(in_sight, vec![named]).await.unwrap();
    let to = PointerAction::MoveToElement {
        element: element.clone(),
        duration: None,
        x: 0.0,
        y: 0.0,
    };
    let mouse = MouseActions::new("mouse".to_owned()).then(to);
    let mouse = mouse.then(down.clone()).then(up.clone());
    client
        .perform_actions(mouse.then(down).then(up))
        .await
        .unwrap();
}

/// Takes the network away from a browser, or gives it back.
pub async fn offline(client: &Client, offline: bool) {
    for command in [
        json!({"cmd": "Network.enable", "params": {}}),
        json!({
            "cmd": "Network.emulateNetworkConditions",
            "params": {"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1},
        }),
    ] {
        client.issue_cmd(DevTools(command)).await.unwrap();
    }
}

/// Has Chromium do something of its own.
pub async fn devtools(client: &Client, command: &str, parameters: serde_json::Value) {
    let command = json!({"cmd": command, "params": parameters});
    client.issue_cmd(DevTools(command)).await.unwrap();
}

/// What the browser prints of a page: the PDF's pages, each with its width and height in points.
pub async fn print(client: &Client, name: &str) -> Vec<(f64, f64)> {
    let options = json!({
        "cmd": "Page.printToPDF",
        "params": {"preferCSSPageSize": true, "printBackground": false},
    });
    let printed = client.issue_cmd(DevTools(options)).await.unwrap();
    let text = printed["data"].as_str().unwrap();
    let pdf = data_encoding::BASE64.decode(text.as_bytes()).unwrap();
    if let Ok(folder) = std::env::var("PAGES_SCREENSHOTS") {
        std::fs::write(format!("{folder}/{name}.pdf"), &pdf).unwrap();
    }
    let text = String::from_utf8_lossy(&pdf);
    let boxes = text.split("/MediaBox").skip(1);
    let boxes = boxes.map(|rest| {
        let rest = rest.trim_start().trim_start_matches('[');
        let numbers = rest.split(']').next().unwrap().split_whitespace();
        let numbers: Vec<f64> = numbers.map(|number| number.parse().unwrap()).collect();
        (numbers[2], numbers[3])
    });
    boxes.collect()
}

/// The one element of a page that the selector finds, as soon as it is there: the page may be on its way yet.
pub async fn find(client: &Client, selector: &str) -> Element {
    let wait = client.wait().at_most(std::time::Duration::from_secs(20));
    let found = wait.for_element(Locator::Css(selector)).await;
    found.unwrap_or_else(|error| panic!("{selector}: {error}"))
}

/// Waits until the page of that path is there: a click returns when the form is on its way.
pub async fn arrive(client: &Client, path: &str) {
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        client.find(Locator::Css("main")).await.ok();
        let address = client.current_url().await.unwrap();
        if address.path() == path {
            return;
        }
        assert!(std::time::Instant::now() < until, "{address}, not {path}");
    }
}

/// Logs in on a page of its own, as whoever was hired.
pub async fn enter(client: &Client, url: &str, username: &str) {
    client.goto(&format!("{url}/dang-nhap")).await.unwrap();
    find(client, "#username")
        .await
        .send_keys(username)
        .await
        .unwrap();
    let password = password(username) + "\u{e007}";
    find(client, "#password")
        .await
        .send_keys(&password)
        .await
        .unwrap();
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while client.current_url().await.unwrap().path() == "/dang-nhap" {
        assert!(
            std::time::Instant::now() < until,
            "{username} cannot log in"
        );
    }
}

/// What the form of a page would send.
pub fn of_form(page: &str) -> Vec<(String, String)> {
    let plain = |text: &str| {
        let text = text.replace("&#34;", "\"").replace("&#39;", "'");
        text.replace("&#60;", "<")
            .replace("&#62;", ">")
            .replace("&#38;", "&")
    };
    let attribute = |tag: &str, name: &str| {
        let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
        Some(plain(rest.split('"').next().unwrap()))
    };
    let (_, form) = page.split_once("<form method=\"post\"").unwrap();
    let mut all = Vec::new();
    let mut is_first = false;
    for part in form.split('<') {
        let Some((tag, text)) = part.split_once('>') else {
            continue;
        };
        let name = attribute(tag, "name");
        match (tag.split([' ', '/']).next(), name) {
            (Some("input"), Some(name)) => {
                all.push((name, attribute(tag, "value").unwrap_or_default()));
            }
            (Some("textarea"), Some(name)) => {
                all.push((name, plain(text.strip_prefix('\n').unwrap_or(text))));
            }
            (Some("select"), Some(name)) => {
                all.push((name, String::new()));
                is_first = true;
            }
            // Without another choice it is the first.
            (Some("option"), _) => {
                let value = attribute(tag, "value").unwrap_or_default();
                let chosen = all.last_mut().unwrap();
                if is_first || tag.ends_with(" selected") {
                    chosen.1 = value;
                }
                is_first = false;
            }
            _ => {}
        }
    }
    all
}
