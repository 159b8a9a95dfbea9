//! Where settings come from: the defaults, a file, the environment, the command line. Whatever is wrong
//! with them is told at once, with its key and who set it.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::{Table, Value};

use crate::config::{Config, ConfigError, DEFAULTS, Logging, Raw};

/// Variables of ours that are no settings. Those of `MOTCUA_TEST_` belong to the tests.
const OTHER_VARIABLES: [&str; 4] = [
    "MOTCUA_CONFIG",
    "MOTCUA_LOG",
    "MOTCUA_LOG_FORMAT",
    "MOTCUA_BENCH_POSTGRES",
];

/// Who set a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    Default,
    File(PathBuf),
    /// The name of the variable.
    Environment(String),
    /// An argument of the command line.
    Argument(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("mặc định"),
            Self::File(path) => write!(f, "tệp {}", path.display()),
            Self::Environment(name) => write!(f, "biến môi trường {name}"),
            Self::Argument(name) => write!(f, "dòng lệnh {name}"),
        }
    }
}

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongSetting {
    /// Empty where no setting is meant.
    pub key: String,
    pub reason: String,
    pub origin: Origin,
}

impl fmt::Display for WrongSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.key.as_str(), &self.origin) {
            ("", origin) => write!(f, "{origin}: {}", self.reason),
            (key, Origin::Default) => write!(f, "{key}: {} (chưa đặt)", self.reason),
            (key, origin) => write!(f, "{key}: {} ({origin})", self.reason),
        }
    }
}

/// All that is wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cấu hình sai:\n{}", lines(.0))]
pub struct WrongSettings(pub Vec<WrongSetting>);

fn lines(wrong: &[WrongSetting]) -> String {
    let lines: Vec<_> = wrong.iter().map(|wrong| format!("  {wrong}")).collect();
    lines.join("\n")
}

/// A setting as people are shown it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    pub key: String,
    /// Without secrets.
    pub value: String,
    pub origin: Origin,
}

#[derive(Debug, Clone)]
struct Leaf {
    value: Value,
    origin: Origin,
}

/// The settings in force, by dotted key.
#[derive(Debug, Clone)]
pub struct Settings {
    defaults: BTreeMap<String, Value>,
    leaves: BTreeMap<String, Leaf>,
    wrong: Vec<WrongSetting>,
}

impl Settings {
    /// Reads the defaults, the file, the environment; `database_url` goes over all.
    pub fn read(
        file: Option<(&Path, Origin)>,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
        database_url: Option<(&str, Origin)>,
    ) -> Self {
        let mut settings = Self {
            defaults: BTreeMap::new(),
            leaves: BTreeMap::new(),
            wrong: Vec::new(),
        };
        let origin = Origin::Default;
        match DEFAULTS.parse::<Table>() {
            Ok(table) => flatten(table, "", &mut settings.defaults),
            Err(error) => settings.add("", error.message(), origin),
        }
        for (key, value) in &settings.defaults {
            let origin = Origin::Default;
            let value = value.clone();
            settings.leaves.insert(key.clone(), Leaf { value, origin });
        }
        if let Some((file, origin)) = file {
            settings.read_file(file, origin);
        }
        settings.read_environment(environment);
        if let Some((url, origin)) = database_url {
            settings.set("database.url", Value::String(url.to_owned()), origin);
        }
        settings.refuse_unreadable();
        settings.database_lies_in_the_data_folder();
        settings
    }

    /// A wrong setting of the log counts as one of ours.
    pub fn add_wrong(&mut self, wrong: impl IntoIterator<Item = WrongSetting>) {
        self.wrong.extend(wrong);
    }

    fn add(&mut self, key: &str, reason: impl Into<String>, origin: Origin) {
        self.wrong.push(WrongSetting {
            key: key.to_owned(),
            reason: reason.into(),
            origin,
        });
    }

    fn read_file(&mut self, file: &Path, named_by: Origin) {
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) => {
                let reason = format!("không đọc được tệp {}: {error}", file.display());
                return self.add("", reason, named_by);
            }
        };
        let origin = || Origin::File(file.to_owned());
        let table = match text.parse::<Table>() {
            Ok(table) => table,
            Err(error) => {
                let before = error.span().and_then(|span| text.get(..span.start));
                let line = before.map_or(1, |before| before.matches('\n').count() + 1);
                // The line itself may hold a secret.
                let reason = format!("dòng {line}: không đúng cú pháp TOML ({})", error.message());
                return self.add("", reason, origin());
            }
        };
        let mut found = BTreeMap::new();
        flatten(table, "", &mut found);
        for (key, value) in found {
            let Some(default) = self.defaults.get(&key) else {
                self.add(&key, self.strange(&key), origin());
                continue;
            };
            match same_kind(default, &value) {
                true => self.set(&key, value, origin()),
                false => {
                    let reason = needed(default);
                    self.add(&key, reason, origin());
                }
            }
        }
    }

    /// What is said of a key that is none: which there are under it, if any.
    fn strange(&self, key: &str) -> String {
        let under = format!("{key}.");
        let keys = self
            .defaults
            .keys()
            .filter(|known| known.starts_with(&under));
        let keys: Vec<_> = keys.map(String::as_str).collect();
        match keys.is_empty() {
            true => "khóa lạ".to_owned(),
            false => format!("gồm nhiều phần, mỗi phần là một khóa: {}", keys.join(", ")),
        }
    }

    fn read_environment(&mut self, environment: impl IntoIterator<Item = (OsString, OsString)>) {
        // In a fixed order, so that what is wrong is told in one.
        let environment: BTreeMap<_, _> = environment.into_iter().collect();
        for (name, value) in environment {
            let name = name.to_string_lossy().into_owned();
            let upper = name.to_ascii_uppercase();
            if !upper.starts_with("MOTCUA_")
                || upper.starts_with("MOTCUA_TEST_")
                || OTHER_VARIABLES.contains(&upper.as_str())
            {
                continue;
            }
            let key = upper.strip_prefix("MOTCUA__");
            let key = key.map(|key| key.to_ascii_lowercase().replace("__", "."));
            let default = key.as_ref().and_then(|key| self.defaults.get(key)).cloned();
            let origin = Origin::Environment(name);
            let (Some(key), Some(default)) = (&key, default) else {
                let strange = match &key {
                    Some(key) => self.strange(key),
                    None => "biến lạ".to_owned(),
                };
                let reason = match self.meant(&upper) {
                    Some(variable) => format!("{strange}; có phải {variable}?"),
                    None => strange,
                };
                self.add(&key.unwrap_or_default(), reason, origin);
                continue;
            };
            let Some(text) = value.to_str() else {
                self.add(key, "không phải UTF-8", origin);
                continue;
            };
            match typed(&default, text) {
                Some(value) => self.set(key, value, origin),
                None => {
                    let reason = needed_in_environment(&default);
                    self.add(key, reason, origin);
                }
            }
        }
    }

    /// The variable of a setting that a name with other underscores may have meant.
    fn meant(&self, name: &str) -> Option<String> {
        let plain = |name: &str| {
            let parts = name.split('_').filter(|part| !part.is_empty());
            parts.collect::<Vec<_>>().join("_")
        };
        let variable = |key: &String| format!("MOTCUA__{}", key.replace('.', "__").to_uppercase());
        let variables = self.defaults.keys().map(variable);
        variables
            .into_iter()
            .find(|variable| plain(variable) == plain(name))
    }

    fn set(&mut self, key: &str, value: Value, origin: Origin) {
        self.leaves.insert(key.to_owned(), Leaf { value, origin });
    }

    /// Each by itself among the defaults: whatever does not fit goes back to its default.
    fn refuse_unreadable(&mut self) {
        let set: Vec<String> = self.set_keys("").map(str::to_owned).collect();
        for key in set {
            let Some(leaf) = self.leaves.get(&key).cloned() else {
                continue;
            };
            let alone = BTreeMap::from([(key.as_str(), &leaf.value)]);
            if let Err(error) = self.raw(&alone) {
                let reason = match leaf.value {
                    Value::Integer(_) => "ngoài khoảng cho phép".to_owned(),
                    // A reader's own words are Vietnamese; those of libraries say nothing to people.
                    _ => match error.message().lines().next() {
                        Some(own) if !own.is_ascii() => own.to_owned(),
                        _ => "không đúng dạng, xem config/default.toml".to_owned(),
                    },
                };
                self.add(&key, reason, leaf.origin);
                self.reset(&key);
            }
        }
    }

    /// The defaults with those values in their places, as the program reads them.
    fn raw(&self, over: &BTreeMap<&str, &Value>) -> Result<Raw, toml::de::Error> {
        let mut root = Table::new();
        for (key, default) in &self.defaults {
            let value = over.get(key.as_str()).copied().unwrap_or(default);
            insert(&mut root, key, value.clone());
        }
        Raw::deserialize(Value::Table(root))
    }

    /// Whoever names a data folder and no database means the one in there.
    fn database_lies_in_the_data_folder(&mut self) {
        let (Some(folder), Some(url)) = (
            self.leaves.get("data.folder"),
            self.leaves.get("database.url"),
        ) else {
            return;
        };
        if url.origin != Origin::Default || folder.origin == Origin::Default {
            return;
        }
        if let Some(path) = folder.value.as_str().filter(|path| !path.is_empty()) {
            let url = format!("sqlite://{}/motcua.sqlite3", path.trim_end_matches('/'));
            let origin = folder.origin.clone();
            self.set("database.url", Value::String(url), origin);
        }
    }

    /// The keys that are set by somebody, at or below `key`.
    fn set_keys<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        let below = move |of: &str| {
            let rest = of.strip_prefix(key);
            key.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let set = self
            .leaves
            .iter()
            .filter(move |(of, leaf)| leaf.origin != Origin::Default && below(of));
        set.map(|(key, _)| key.as_str())
    }

    /// Gives a key, and what lies below it, its default again; whether that changed anything.
    fn reset(&mut self, key: &str) -> bool {
        let set: Vec<String> = self.set_keys(key).map(str::to_owned).collect();
        for key in &set {
            if let Some(value) = self.defaults.get(key).cloned() {
                self.set(key, value, Origin::Default);
            }
        }
        !set.is_empty()
    }

    /// Who set a key, or something below it.
    pub fn origin(&self, key: &str) -> Origin {
        let first = self.set_keys(key).next();
        let leaf = first.and_then(|key| self.leaves.get(key));
        leaf.map_or(Origin::Default, |leaf| leaf.origin.clone())
    }

    /// The settings, checked.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn config(&self) -> Result<Config, WrongSettings> {
        let mut mended = self.clone();
        mended.contradictions();
        loop {
            let over = mended.leaves.iter();
            let over = over
                .map(|(key, leaf)| (key.as_str(), &leaf.value))
                .collect();
            let checked = match mended.raw(&over) {
                Ok(raw) => Config::check(raw),
                Err(error) => {
                    mended.add("", error.message(), Origin::Default);
                    break;
                }
            };
            let (key, reason) = match checked {
                Ok(config) if mended.wrong.is_empty() => return Ok(config),
                Ok(_) => break,
                Err(ConfigError::Invalid { key, reason }) => (key, reason),
            };
            // What is wrong goes back to its default, so that the next thing is found too.
            let keys = || key.split(", ");
            let origin = keys().map(|key| mended.origin(key));
            let origin = origin.into_iter().find(|origin| *origin != Origin::Default);
            mended.add(key, reason, origin.unwrap_or(Origin::Default));
            let sections = || keys().map(|key| key.split('.').next().unwrap_or(key));
            let changed = keys().filter(|key| mended.reset(key)).count() > 0
                || sections().filter(|key| mended.reset(key)).count() > 0;
            if !changed {
                break;
            }
        }
        Err(WrongSettings(mended.wrong))
    }

    /// What is set, though something else makes it mean nothing.
    fn contradictions(&mut self) {
        let text = |key: &str| {
            let leaf = self.leaves.get(key);
            leaf.and_then(|leaf| leaf.value.as_str())
                .unwrap_or_default()
                .to_owned()
        };
        let mut wrong = Vec::new();
        let mut refuse = |key: &str, reason: String| wrong.push((key.to_owned(), reason));
        if text("mail.transport") == "folder" {
            let of_smtp = [
                "host",
                "port",
                "security",
                "username",
                "password",
                "authority",
            ];
            for key in of_smtp.map(|name| format!("mail.{name}")) {
                if self.set_keys(&key).next().is_some() {
                    let origin = self.origin("mail.transport");
                    let reason =
                        "chỉ dùng khi mail.transport = smtp, nhưng mail.transport là folder";
                    refuse(&key, format!("{reason} ({origin})"));
                }
            }
        }
        if text("mail.username").is_empty() && !text("mail.password").is_empty() {
            refuse(
                "mail.password",
                "có mật khẩu nhưng mail.username để trống".to_owned(),
            );
        }
        for section in ["portal", "sms", "zalo"] {
            let url = format!("{section}.url");
            // An empty address that somebody set turns the section off; one that nobody set was forgotten.
            if self.set_keys(&url).next().is_none() {
                for key in self.set_keys(section).filter(|key| *key != url) {
                    refuse(key, format!("không có tác dụng vì chưa đặt {url}"));
                }
            }
        }
        for (key, reason) in wrong {
            let origin = self.origin(&key);
            self.add(&key, reason, origin);
        }
    }

    /// Every setting in force, with who set it and without secrets.
    pub fn shown(&self) -> Vec<Setting> {
        let shown = self.leaves.iter().map(|(key, leaf)| Setting {
            key: key.clone(),
            value: show(key, leaf),
            origin: leaf.origin.clone(),
        });
        shown.collect()
    }
}

/// What may hold a password, a token or a key of somebody's.
fn is_secret(key: &str) -> bool {
    let name = key.rsplit('.').next().unwrap_or(key);
    let words: BTreeSet<&str> = name.split('_').collect();
    let secret = ["secret", "token", "password", "key", "headers", "body"];
    secret.iter().any(|word| words.contains(word))
}

fn show(key: &str, leaf: &Leaf) -> String {
    match &leaf.value {
        Value::String(text) if text.is_empty() => "(trống)".to_owned(),
        Value::String(_) if is_secret(key) && leaf.origin != Origin::Default => {
            "(đã đặt, không hiện)".to_owned()
        }
        Value::String(text) => match text.split_once("://") {
            // Users, passwords and keys stand before the host or after the path. The template of a link
            // has its places there.
            Some((scheme, rest)) if key != "notices.look_up_link" => {
                let rest = rest.split(['?', '#']).next().unwrap_or_default();
                // A password may hold a slash.
                let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
                format!("{scheme}://{rest}")
            }
            _ => text.replace('\n', "\\n"),
        },
        other => other.to_string().replace('\n', " "),
    }
}

fn flatten(table: Table, prefix: &str, into: &mut BTreeMap<String, Value>) {
    for (name, value) in table {
        let key = match prefix {
            "" => name,
            prefix => format!("{prefix}.{name}"),
        };
        match value {
            Value::Table(table) => flatten(table, &key, into),
            value => {
                into.insert(key, value);
            }
        }
    }
}

fn insert(table: &mut Table, key: &str, value: Value) {
    match key.split_once('.') {
        None => {
            table.insert(key.to_owned(), value);
        }
        Some((name, rest)) => {
            let below = table
                .entry(name)
                .or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(below) = below {
                insert(below, rest, value);
            }
        }
    }
}

fn same_kind(default: &Value, value: &Value) -> bool {
    default.same_type(value)
}

/// A text of the environment as what the setting is.
fn typed(default: &Value, text: &str) -> Option<Value> {
    match default {
        Value::String(_) => Some(Value::String(text.to_owned())),
        Value::Integer(_) => text.trim().parse().ok().map(Value::Integer),
        Value::Float(_) => text.trim().parse().ok().map(Value::Float),
        Value::Boolean(_) => text.trim().parse().ok().map(Value::Boolean),
        _ => None,
    }
}

fn needed(default: &Value) -> &'static str {
    match default {
        Value::String(_) => "cần chuỗi ký tự, trong dấu ngoặc kép",
        Value::Integer(_) => "cần số nguyên",
        Value::Float(_) => "cần số",
        Value::Boolean(_) => "cần true hoặc false",
        Value::Array(_) => "cần danh sách",
        _ => "cần giá trị khác",
    }
}

fn needed_in_environment(default: &Value) -> &'static str {
    match default {
        Value::Array(_) => "chỉ đặt được trong tệp cấu hình",
        other => needed(other),
    }
}

impl Config {
    /// Reads the settings of this process. `database_url` (from the command line or `DATABASE_URL`) goes
    /// over all.
    ///
    /// # Errors
    /// Everything that is wrong: a file that cannot be read, keys and variables that are unknown, values
    /// that cannot be used.
    pub fn load(file: Option<&Path>, database_url: Option<&str>) -> Result<Self, WrongSettings> {
        Settings::of_process(file, database_url).config()
    }
}

impl Settings {
    /// The settings of this process.
    pub fn of_process(file: Option<&Path>, database_url: Option<&str>) -> Self {
        let environment: Vec<_> = std::env::vars_os().collect();
        // The command line hands both over, whichever way they came.
        let named_by = |variable: &str, value: &std::ffi::OsStr, argument| {
            let mut environment = environment.iter();
            match environment.any(|(name, of)| name == variable && of == value) {
                true => Origin::Environment(variable.to_owned()),
                false => Origin::Argument(argument),
            }
        };
        let file = file.map(|file| {
            (
                file,
                named_by("MOTCUA_CONFIG", file.as_os_str(), "--config"),
            )
        });
        let url = database_url.map(|url| {
            (
                url,
                named_by("DATABASE_URL", url.as_ref(), "--database-url"),
            )
        });
        let mut settings = Self::read(file, environment.clone(), url);
        settings.add_wrong(Logging::of_process().1);
        settings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Settings {
        let variables = variables.iter();
        let variables = variables.map(|(name, value)| (name.into(), value.into()));
        Settings::read(None, variables.collect::<Vec<_>>(), None)
    }

    fn wrong(settings: &Settings) -> Vec<String> {
        let WrongSettings(wrong) = settings.config().unwrap_err();
        wrong.iter().map(WrongSetting::to_string).collect()
    }

    #[test]
    fn the_defaults_are_right() {
        read(&[]).config().unwrap();
    }

    #[test]
    fn everything_wrong_is_told_at_once_with_who_set_it() {
        let found = wrong(&read(&[
            ("MOTCUA_SERVER_LISTEN", "0.0.0.0:80"),
            ("MOTCUA__SERVER__LISTEN", "nowhere"),
            ("MOTCUA__MAIL__PORT", "70000"),
            ("MOTCUA__MAIL__TRANSPORT", "smtp"),
            ("MOTCUA__DATABASE__CONNECTIONS", "many"),
            ("MOTCUA__PORTAL__URL", "https://dvcqg.example/"),
            ("MOTCUA__OUTBOX__TRIES", "0"),
            ("MOTCUA__OFFICE__WEEKDAY", "[]"),
        ]));
        let expected = [
            (
                "biến môi trường MOTCUA_SERVER_LISTEN",
                "MOTCUA__SERVER__LISTEN?",
            ),
            ("server.listen", "MOTCUA__SERVER__LISTEN"),
            ("mail.port", "MOTCUA__MAIL__PORT"),
            ("mail.host", "để trống"),
            ("database.connections", "MOTCUA__DATABASE__CONNECTIONS"),
            ("portal.log_in_url", "không phải địa chỉ"),
            ("outbox.tries", "MOTCUA__OUTBOX__TRIES"),
            ("office.weekday", "chỉ đặt được trong tệp"),
        ];
        for (key, says) in expected {
            let told = found
                .iter()
                .any(|line| line.starts_with(key) && line.contains(says));
            assert!(told, "{key}, {says}: {found:#?}");
        }
        assert_eq!(found.len(), expected.len(), "{found:#?}");
    }

    #[test]
    fn secrets_are_not_shown() {
        let settings = read(&[
            (
                "MOTCUA__DATABASE__URL",
                "postgres://u:geh/eim1@db/motcua?sslkey=geheim2",
            ),
            (
                "MOTCUA__SMS__URL",
                "https://a:geheim3@sms.example/send?key=geheim4",
            ),
            ("MOTCUA__SMS__HEADERS", "X-Key: geheim5"),
            ("MOTCUA__MAIL__PASSWORD", "geheim6"),
            ("MOTCUA__PAYMENTS__GATEWAY_SECRET", "geheim7"),
            ("MOTCUA__OIDC__CLIENT_SECRET", "geheim8"),
            ("MOTCUA__PORTAL__PASSWORD", "geheim9"),
            ("MOTCUA__PORTAL__HEADERS", "X-Key: geheim0"),
        ]);
        let shown = format!("{:?}", settings.shown());
        assert!(!shown.contains("geh") && !shown.contains("eim"), "{shown}");
        assert!(shown.contains("sms.example/send") && shown.contains("MOTCUA__SMS__URL"));
    }
}
