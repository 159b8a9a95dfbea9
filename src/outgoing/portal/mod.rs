//! The national portal (Cổng Dịch vụ công Quốc gia): it is told of every change to a dossier whose
//! procedure is integrated with it, and asked for its catalogue.

pub mod catalogue;
pub mod messages;
pub mod notifier;
pub mod transport;

use std::time::Duration;

use ureq::http::Response;

use crate::http_client;

/// As whom messages go in the outbox.
const RECIPIENT: &str = "dvcqg";
/// A dossier as it stands.
const DOSSIER: &str = "DongBoHoSoMC";
/// A step of its handling.
const STEP: &str = "CapNhatTienDoHoSoMC";

/// The list of procedures, and one of them.
const LIST: &str = "LayDanhSachTTHC";
const PROCEDURE: &str = "LayThuTuc";

/// How the portal is reached.
#[derive(Clone)]
pub struct PortalSettings {
    pub url: String,
    pub token: String,
    /// The office's code there (`MaDonVi`).
    pub agency: String,
    /// How long an answer may take.
    pub timeout: Duration,
}

impl std::fmt::Debug for PortalSettings {
    /// Without the token.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PortalSettings({} for {})", self.url, self.agency)
    }
}

/// Posts to the portal, as one office.
struct Line {
    settings: PortalSettings,
    agent: ureq::Agent,
}

impl Line {
    fn new(settings: PortalSettings) -> Self {
        let agent = http_client::agent(settings.timeout).build().into();
        Self { settings, agent }
    }

    fn post(&self, body: &str) -> Result<Response<ureq::Body>, ureq::Error> {
        self.agent
            .post(&self.settings.url)
            .header("Content-Type", "application/json; charset=utf-8")
            .header("Accept", "application/json")
            .header("Authorization", format!("Bearer {}", self.settings.token))
            .send(body)
    }
}
