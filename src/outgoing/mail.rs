//! Letters: by SMTP, or into a folder of `.eml` files.

use std::path::{Path, PathBuf};
use std::time::Duration;

use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::PoolConfig;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{SmtpTransport, Transport as _};
use serde_json::Value;

use crate::domain::ids::UnitId;
use crate::domain::moment::Moment;
use crate::outgoing::notices::working_moment;
use crate::outgoing::{Carrier, Failure, Reason};
use crate::render::letters::{Templates, Topic};
use crate::store::Store;
use crate::store::outbox::{Kind, Message};

/// Connections to the mail server at once; most servers take no more from one client.
const CONNECTIONS: u32 = 8;

/// How letters go.
#[derive(Clone)]
pub enum Transport {
    /// As files, for an office without a mail server.
    Folder(PathBuf),
    Smtp {
        host: String,
        port: u16,
        security: Security,
        /// Name and password.
        log_in: Option<(String, String)>,
        /// PEM of an authority beside those that the machine trusts.
        authority: Option<Vec<u8>>,
        timeout: Duration,
    },
}

/// How the connection to the mail server is kept from others' eyes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte.
    Tls,
    /// TLS after a plain greeting, or nothing is sent.
    StartTls,
    /// None: for a server on the same machine.
    None,
}

/// How letters go, and from whom.
#[derive(Clone)]
pub struct MailSettings {
    pub transport: Transport,
    pub from: Mailbox,
}

impl std::fmt::Debug for MailSettings {
    /// Without the password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MailSettings")
            .field("from", &self.from.to_string())
            .finish_non_exhaustive()
    }
}

enum Way {
    Folder(PathBuf),
    Smtp(SmtpTransport),
}

/// Carries letters.
pub struct Mail {
    way: Way,
    from: Mailbox,
    templates: std::sync::Arc<Templates>,
}

impl Mail {
    /// # Errors
    /// Why the settings cannot be used.
    pub fn new(
        settings: MailSettings,
        templates: std::sync::Arc<Templates>,
    ) -> Result<Self, String> {
        let way = match settings.transport {
            Transport::Folder(folder) => Way::Folder(folder),
            Transport::Smtp {
                host,
                port,
                security,
                log_in,
                authority,
                timeout,
            } => {
                let mut tls = TlsParameters::builder(host.clone());
                if let Some(authority) = authority {
                    let certificate = Certificate::from_pem(&authority);
                    tls = tls.add_root_certificate(certificate.map_err(|e| e.to_string())?);
                }
                let tls = || tls.build().map_err(|error| error.to_string());
                let mut smtp = SmtpTransport::builder_dangerous(host)
                    .port(port)
                    .timeout(Some(timeout))
                    .pool_config(PoolConfig::new().max_size(CONNECTIONS))
                    .tls(match security {
                        Security::Tls => Tls::Wrapper(tls()?),
                        Security::StartTls => Tls::Required(tls()?),
                        Security::None => Tls::None,
                    });
                if let Some((name, password)) = log_in {
                    smtp = smtp.credentials(Credentials::new(name, password));
                }
                Way::Smtp(smtp.build())
            }
        };
        Ok(Self {
            way,
            from: settings.from,
            templates,
        })
    }

    fn letter(&self, message: &Message) -> Result<lettre::Message, String> {
        let topic: Topic = message
            .topic
            .parse()
            .map_err(|()| format!("không có mẫu {}", message.topic))?;
        let letter = self.templates.letter(topic, &message.body);
        let letter = letter.map_err(|error| error.to_string())?;
        let to = message.recipient.parse::<lettre::Address>();
        let to = to.map_err(|error| error.to_string())?;
        // The same letter sent twice has the same id, so that mail programs show it once.
        let id = format!("<{}@{}>", message.id, self.from.email.domain());
        let millis = u64::try_from(message.created_at.unix_millis()).unwrap_or(0);
        let created = std::time::UNIX_EPOCH + Duration::from_millis(millis);
        lettre::Message::builder()
            .message_id(Some(id))
            .date(created)
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(letter.subject)
            .multipart(MultiPart::alternative_plain_html(letter.text, letter.html))
            .map_err(|error| error.to_string())
    }
}

impl Carrier for Mail {
    fn kind(&self) -> Kind {
        Kind::Email
    }

    fn most_at_once(&self) -> usize {
        CONNECTIONS as usize
    }

    fn carry(&self, store: &Store, message: &Message, now: Moment) -> Result<(), Failure> {
        wait_for_working_time(store, message, now)?;
        let letter = self
            .letter(message)
            .map_err(|error| Failure::Final(Reason::said("không soạn được thư", error)))?;
        match &self.way {
            Way::Folder(folder) => {
                let file = format!("{}.eml", message.id);
                write(folder, &file, &letter.formatted()).map_err(|error| {
                    let words = "không ghi được vào thư mục thư (mail.folder)";
                    let said = format!("{}: {error}", folder.display());
                    Failure::Down(Reason::said(words, said))
                })
            }
            Way::Smtp(smtp) => smtp.send(&letter).map(drop).map_err(|error| of(&error)),
        }
    }
}

/// Staff are told in working time only, though a letter may have waited for its server until night.
fn wait_for_working_time(store: &Store, message: &Message, now: Moment) -> Result<(), Failure> {
    let for_staff = message.topic.parse().is_ok_and(Topic::is_for_staff);
    if !for_staff {
        return Ok(());
    }
    let unit = message.body.get("unit_id").and_then(Value::as_i64);
    let Some(unit) = unit.and_then(|id| i32::try_from(id).ok()) else {
        return Ok(());
    };
    let reference = store.reference();
    let reference = reference.map_err(|error| Failure::Passing(error.to_string().into()))?;
    match working_moment(&reference, UnitId(unit), now) {
        opening if opening > now => Err(Failure::NotBefore(opening)),
        _ => Ok(()),
    }
}

/// The file appears whole or not at all.
fn write(folder: &Path, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let unfinished = folder.join(format!(".{name}"));
    std::fs::write(&unfinished, bytes)?;
    std::fs::rename(unfinished, folder.join(name))
}

/// What a mail server's refusal means for this letter and the others.
fn of(error: &lettre::transport::smtp::Error) -> Failure {
    // What the server says repeats whom the letter was for: the code is for the log.
    let code = error.status().map(|code| code.to_string());
    let why = match &code {
        Some(code) => Reason::said(format!("máy chủ thư trả lời {code}"), error.to_string()),
        None if error.is_response() => {
            Reason::said("máy chủ thư trả lời không hiểu được", error.to_string())
        }
        None if error.is_timeout() => Reason::said("máy chủ thư không trả lời", error.to_string()),
        None if error.is_tls() => Reason::from(format!("TLS với máy chủ thư: {error}")),
        None => Reason::said(cause(error), error.to_string()),
    };
    match code.as_deref() {
        // This mailbox or this letter is refused for good.
        Some("550" | "551" | "552" | "553" | "501") => Failure::Final(why),
        // The server is going away, or does not let us in at all.
        Some("421" | "454" | "530" | "534" | "535" | "538") => Failure::Down(why),
        // Greylisted, a full mailbox, a refusal that may pass.
        Some(_) => Failure::Passing(why),
        None if error.is_response() => Failure::Passing(why),
        None => Failure::Down(why),
    }
}

/// Why nothing came back, from the system's own error where there is one.
fn cause(error: &lettre::transport::smtp::Error) -> String {
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            return format!("không nối được máy chủ thư: {}", io.kind());
        }
        source = error.source();
    }
    "không gửi được qua máy chủ thư".to_owned()
}
