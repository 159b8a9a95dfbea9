//! The national portal (Cổng Dịch vụ công Quốc gia): it is told of every change to a dossier whose
//! procedure is integrated with it, and asked for its catalogue.

pub mod catalogue;
mod compose;
mod line;
pub mod messages;
pub mod notifier;
pub mod preview;
pub mod transport;

use std::time::Duration;

/// As whom messages go in the outbox.
const RECIPIENT: &str = "dvcqg";
/// A dossier as it stands.
const DOSSIER: &str = "DongBoHoSoMC";
/// A step of its handling.
const STEP: &str = "CapNhatTienDoHoSoMC";
/// Whether a dossier is known.
const LOOK_UP: &str = "TraCuuHoSo";

/// The list of procedures, and one of them.
const LIST: &str = "LayDanhSachTTHC";
const PROCEDURE: &str = "LayThuTuc";

/// How the portal is reached, and how it speaks: every province's adapter has its own.
#[derive(Clone, Default)]
pub struct PortalSettings {
    /// Takes messages and answers questions.
    pub url: String,
    /// Takes user name and password and answers a session.
    pub log_in_url: String,
    pub username: String,
    pub password: String,
    /// The header that says whom a call is for, `dstcode`, with its value.
    pub destination: Option<(String, String)>,
    /// Further headers of every call; they may hold secrets.
    pub headers: Vec<(String, String)>,
    /// The office's code there (`MaDonVi`).
    pub agency: String,
    /// How true and false are written.
    pub yes: String,
    pub no: String,
    /// The codes of success.
    pub accepted: Vec<String>,
    /// Words by which it says that a new dossier is one that it has: then it is sent as an update.
    pub exists: String,
    /// Words by which it says, beside an error's code, that a session has expired.
    pub expired: Vec<String>,
    /// `NoiNopHoSo`: where what comes in here is handed in.
    pub handed_in_at: String,
    /// Steps of a dossier that go in one call.
    pub steps_at_once: usize,
    /// How long an answer may take.
    pub timeout: Duration,
}

impl PortalSettings {
    fn all_headers(&self) -> impl Iterator<Item = &(String, String)> {
        self.destination.iter().chain(&self.headers)
    }

    /// True or false, as this portal writes it.
    fn spell(&self, is: bool) -> &str {
        match is {
            true => &self.yes,
            false => &self.no,
        }
    }
}

impl std::fmt::Debug for PortalSettings {
    /// Without password and headers.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PortalSettings({} for {})", self.url, self.agency)
    }
}
