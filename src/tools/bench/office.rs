//! A database with the province's dossiers, staff to log in with, and the real server over it.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;

use crate::domain::log::note::{Purpose, SecretKey};
use crate::domain::role::Role;
use crate::store::{DatabaseUrl, Store, StoreOptions};
use crate::tools::ToolError;
use crate::tools::bench::http::{Client, request};
use crate::tools::bench::{Line, Options, receipts};
use crate::{acts, tools};

/// Where databases are.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    Sqlite,
    Postgres(String),
}

pub(crate) fn places(options: &Options) -> Vec<Place> {
    let postgres = options.postgres.clone().map(Place::Postgres);
    std::iter::once(Place::Sqlite).chain(postgres).collect()
}

/// A commune, as a clerk of one unit sees it.
pub(crate) const COMMUNE: &str = "H37.20.01";
const PROVINCE: &str = "H37";

pub(crate) struct Office {
    pub(crate) store: Store,
    pub(crate) url: String,
    pub(crate) dossiers: u64,
    /// Set once a run: setting one anew ends the sessions that other cases hold.
    passwords: Mutex<HashMap<String, String>>,
}

impl Office {
    /// Opens the database of that scale, and fills it first if need be.
    pub(crate) fn open(options: &Options, place: &Place, scale: u32) -> Result<Self, ToolError> {
        let url = match place {
            Place::Sqlite => {
                let file = options.folder.join(format!("sqlite-{scale}.sqlite3"));
                format!("sqlite://{}", file.display())
            }
            Place::Postgres(server) => {
                let name = format!("motcua_bench_{scale}");
                let server: DatabaseUrl = format!("{server}/postgres").parse()?;
                server.ensure_database(&name)?;
                let Place::Postgres(server) = place else {
                    return Err(ToolError::bench("không có máy chủ PostgreSQL"));
                };
                format!("{server}/{name}")
            }
        };
        let parsed: DatabaseUrl = url.parse()?;
        let store = Store::open(&parsed, StoreOptions::default())?;
        let figures = options.figures.clone();
        let dossiers = figures.received() * u64::from(scale);
        if tools::scenario::loaded_period(&store)?.is_none() {
            let options = tools::scenario::Options {
                figures,
                scale,
                ending: None,
                seed: 2021,
                now: crate::clock::now(),
            };
            tools::scenario::load(&store, &options)?;
        }
        let office = Self {
            store,
            url,
            dossiers,
            passwords: Mutex::default(),
        };
        receipts::fill_commune(&office)?;
        // What is overdue by now is recorded before anything is measured.
        crate::jobs::housekeeping::run(&office.store, crate::clock::now())
            .map_err(ToolError::bench)?;
        Ok(office)
    }

    pub(crate) fn database(&self) -> &'static str {
        self.store.url().kind()
    }

    /// A line about this database, held against nothing yet.
    pub(crate) fn line(&self, case: impl Into<String>, value: f64, unit: &'static str) -> Line {
        Line {
            case: case.into(),
            database: self.database(),
            dossiers: self.dossiers,
            value,
            unit,
            limit: None,
            ratio: None,
            goal: None,
            p99_ms: None,
        }
    }

    fn command(&self) -> Result<Command, ToolError> {
        let mut command = Command::new(std::env::current_exe().map_err(ToolError::bench)?);
        command
            .args(["serve", "--listen", "127.0.0.1:0"])
            .env("DATABASE_URL", &self.url)
            .env_remove("MOTCUA_CONFIG")
            // Whoever stands in for other systems is in this process.
            .env("MOTCUA__WEBHOOKS__ALLOW", "127.0.0.0/8")
            .env("MOTCUA__SERVER__METRICS_LISTEN", "127.0.0.1:0")
            // Databases stay from run to run, wherever that is: nothing vouches for what is in them.
            .env("MOTCUA__LOG__KEY", log_key()?)
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        Ok(command)
    }

    /// Starts the real server and waits until it listens.
    pub(crate) fn serve(&self) -> Result<Server, ToolError> {
        let mut child = self.command()?.spawn().map_err(ToolError::bench)?;
        let output = child.stdout.take();
        let output = output.ok_or_else(|| ToolError::bench("không có đầu ra"))?;
        let mut metrics = None;
        for line in BufReader::new(output).lines() {
            let line = line.map_err(ToolError::bench)?;
            if let Some((_, address)) = line.split_once("http://") {
                let address = address.trim().parse().map_err(ToolError::bench)?;
                let metrics = metrics.ok_or_else(|| ToolError::bench("không có số đo"))?;
                return Ok(Server {
                    child,
                    address,
                    metrics,
                });
            }
            let address = line.split(' ').next_back();
            let address = address.and_then(|address| address.strip_suffix("/metrics"));
            metrics = address.and_then(|address| address.parse().ok()).or(metrics);
        }
        Err(ToolError::bench("máy chủ không khởi động được"))
    }

    /// The token of somebody of that role and unit, made for this run.
    fn token(&self, server: &Server, role: Role, unit: &str) -> Result<String, ToolError> {
        let username = format!("bench.{}.{}", role.as_str(), unit.to_lowercase());
        let password = self.password(&username, role, unit)?;
        let body = serde_json::json!({"username": username, "password": password}).to_string();
        let call = request("POST", "/api/v1/sessions", None, Some(&body));
        let reply = Client::connect(server.address)?.call(&call)?;
        let json: Value = serde_json::from_slice(&reply.body).map_err(ToolError::bench)?;
        let token = json["token"].as_str().map(str::to_owned);
        token.ok_or_else(|| ToolError::bench("không đăng nhập được"))
    }

    /// The password of an account, which is made if there is none.
    fn password(&self, username: &str, role: Role, unit: &str) -> Result<String, ToolError> {
        let mut passwords = self
            .passwords
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(password) = passwords.get(username) {
            return Ok(password.clone());
        }
        let password = acts::passwords::generate();
        acts::staff::set_up(&self.store, username, role, unit, &password)
            .map_err(ToolError::bench)?;
        passwords.insert(username.to_owned(), password.clone());
        Ok(password)
    }

    /// A clerk of one commune.
    pub(crate) fn clerk(&self, server: &Server) -> Result<String, ToolError> {
        self.token(server, Role::Clerk, COMMUNE)
    }

    /// A clerk who may receive for all units.
    pub(crate) fn clerk_of_all(&self, server: &Server) -> Result<String, ToolError> {
        self.token(server, Role::Clerk, PROVINCE)
    }

    /// A supervisor over all units.
    pub(crate) fn supervisor(&self, server: &Server) -> Result<String, ToolError> {
        self.token(server, Role::Supervisor, PROVINCE)
    }
}

fn log_key() -> Result<String, ToolError> {
    let key = SecretKey::new("motcua.bench", Purpose::Log, &[7; 32]);
    key.map(|key| key.secret_text()).map_err(ToolError::bench)
}

/// The running server; ends with this.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    metrics: SocketAddr,
}

impl Server {
    /// Processor time that it has taken so far, from the kernel, to a hundredth of a second.
    pub(crate) fn cpu(&self) -> Result<Duration, ToolError> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))
            .map_err(ToolError::bench)?;
        // Its name may hold anything; of what follows it, `utime` and `stime` are twelfth and thirteenth.
        let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
        let mut times = fields.split_whitespace().skip(11).take(2);
        let ticks = times.try_fold(0, |sum, time| Some(sum + time.parse::<u64>().ok()?));
        let ticks = ticks.ok_or_else(|| ToolError::bench("không đọc được thời gian CPU"))?;
        Ok(Duration::from_millis(ticks * 10))
    }

    /// Resident memory in MiB, from the kernel.
    pub(crate) fn resident_mib(&self) -> Result<f64, ToolError> {
        self.memory("VmRSS:")
    }

    /// The most that it ever was.
    pub(crate) fn most_mib(&self) -> Result<f64, ToolError> {
        self.memory("VmHWM:")
    }

    fn memory(&self, field: &str) -> Result<f64, ToolError> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))
            .map_err(ToolError::bench)?;
        let line = status.lines().find(|line| line.starts_with(field));
        let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
        let kilobytes = kilobytes.ok_or_else(|| ToolError::bench("không đọc được bộ nhớ"))?;
        Ok(kilobytes / 1024.0)
    }

    /// A number that the server's metrics show.
    pub(crate) fn metric(&self, name: &str) -> Result<f64, ToolError> {
        let reply = Client::connect(self.metrics)?.call(&request("GET", "/metrics", None, None))?;
        let text = String::from_utf8_lossy(&reply.body).into_owned();
        let line = text.lines().find(|line| {
            let rest = line.strip_prefix(name);
            rest.is_some_and(|rest| rest.starts_with(' '))
        });
        let value = line.and_then(|line| line.rsplit(' ').next()?.parse().ok());
        Ok(value.unwrap_or(0.0))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
